"""Tests of the central bank's files: one rate per day and currency, however they are packed."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest
from orderhouse.contracts.codes import CURRENCIES
from orderhouse.files import archives
from orderhouse.files.source_files import FileRejected

from tests.sources.format_reading import file_of, read, rows_of, screened

NAME = "ecb_rates"
QUOTES = (
    "USD,JPY,BGN,CYP,CZK,DKK,EEK,GBP,HUF,LTL,LVL,MTL,PLN,ROL,RON,SEK,SIT,SKK,CHF,ISK,NOK,HRK,RUB,TRL,TRY,AUD,BRL,CAD,"
    "CNY,HKD,IDR,ILS,INR,KRW,MXN,MYR,NZD,PHP,SGD,THB,ZAR"
)
FIRST_DAY = (
    "1999-01-04,1.1789,133.73,N/A,0.58231,35.107,7.4501,15.6466,0.7111,251.48,4.717,0.6668,0.4432,4.0712,1.3111,N/A,"
    "9.4696,189.045,42.991,1.6168,81.48,8.855,N/A,25.2875,372274,N/A,1.91,N/A,1.8004,N/A,9.1332,9433.61,N/A,N/A,1398.59,"
    "11.6446,4.4798,2.2229,45.51,1.9554,42.6799,6.9358,"
)
HISTORY = f"Date,{QUOTES},\n{FIRST_DAY}\n1999-01-05,1.1790,130.96,{'N/A,' * 39}\n"
NEWEST = "Date, USD, JPY, GBP, \n24 November 2026, 1.0512, 162.01, 0.8333, \n"


def zipped(content: str | bytes, name: str = "eurofxref-hist.csv", *more: str) -> bytes:
    """Return content in an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in (name, *more):
            archive.writestr(each, content)
    return packed.getvalue()


def test_the_history_gives_a_rate_for_every_number_and_none_for_what_is_not_available() -> None:
    sorted_out = screened(read(NAME, file_of(HISTORY)), "fx_rates", NAME)
    assert sorted_out.quarantined.is_empty()
    # 41 currencies less the 8 that are N/A on the first day, and two on the second
    assert sorted_out.accepted.height == 41 - 8 + 2
    rates = {(row["rate_date"], row["quote"]): row for row in sorted_out.accepted.to_dicts()}
    first = rates[date(1999, 1, 4), "TRL"]
    assert (first["base"], first["rate"], first["_record"]) == ("EUR", Decimal("372274"), 2)
    assert rates[date(1999, 1, 5), "JPY"]["rate"] == Decimal("130.96")
    assert (date(1999, 1, 4), "BGN") not in rates


def test_every_currency_that_the_bank_ever_published_is_known() -> None:
    assert [code for code in QUOTES.split(",") if code not in CURRENCIES] == []


def test_the_archive_gives_the_rates_of_the_file_in_it() -> None:
    plain, packed = (read(NAME, file_of(content)) for content in (HISTORY, zipped(HISTORY)))
    assert rows_of(packed, "fx_rates").equals(rows_of(plain, "fx_rates"))
    assert {rows.file.path for rows in packed} == {"file.json"}


def test_the_newest_day_is_the_same_rate_as_in_the_history() -> None:
    newest = rows_of(read(NAME, file_of(NEWEST)), "fx_rates")
    history = rows_of(read(NAME, file_of("Date,USD,JPY,GBP,\n2026-11-24,1.0512,162.01,0.8333,\n")), "fx_rates")
    assert newest.equals(history)


def test_what_is_neither_a_rate_nor_unavailable_is_quarantined_with_its_line() -> None:
    odd = "Date,USD,XXL,JPY,\n2026-11-24,1.05,3.1,0,\n2026-11-25,1.O5,N/A,162,7\n31 November 2026,1.05,N/A,162,\n"
    sorted_out = screened(read(NAME, file_of(odd)), "fx_rates", NAME)
    assert sorted_out.accepted.select("quote", "_record").rows() == [("USD", 2), ("JPY", 3)]
    reasons = dict.fromkeys(sorted_out.quarantined.select("record", "reasons").rows())
    assert (2, "quote 'XXL' is not an ISO-4217 currency") in reasons
    assert (2, "rate 0 is not above zero") in reasons
    assert (3, "rate (kept in the vault) is not a number") in reasons
    assert (3, "quote (kept in the vault) is not an ISO-4217 currency") in reasons
    assert any(record == 4 and "rate_date" in reason for record, reason in reasons)


def test_a_line_that_was_cut_off_is_quarantined_as_it_is() -> None:
    found = read(NAME, file_of("Date,USD,JPY,\n2026-11-24,1.05,162,\n2026-11-25,1.0"))
    assert [each.record for rows in found for each in rows.malformed] == [3]


def test_another_file_is_refused_with_a_sentence() -> None:
    with pytest.raises(FileRejected, match="no column Date; it has order_id, currency"):
        read(NAME, file_of("order_id,currency\no1,EUR\n"))


def test_an_archive_of_several_files_or_none_is_refused_and_names_them() -> None:
    with pytest.raises(FileRejected, match=r"holds 2 files: a\.csv, b\.csv"):
        read(NAME, file_of(zipped(HISTORY, "a.csv", "b.csv")))
    with pytest.raises(FileRejected, match="holds nothing|is empty"):
        read(NAME, file_of(zipped("", "__MACOSX/a.csv")))
    assert rows_of(read(NAME, file_of(zipped(HISTORY, "a.csv", "__MACOSX/._a.csv"))), "fx_rates").height == 35


def test_an_archive_that_unpacks_without_end_is_refused_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 100_000)
    bomb = zipped(b"0" * 3_000_000)
    assert len(bomb) < 5_000
    with pytest.raises(FileRejected, match="unpacks to more than"):
        read(NAME, file_of(bomb))
    modest = archives.only_member(file_of(zipped(b"1" * 90_000)))
    monkeypatch.setattr(archives, "MAX_BYTES", 50_000)
    with pytest.raises(FileRejected, match="unpacks to more than"):
        modest.open().read()


def test_a_damaged_or_locked_archive_is_refused_with_a_sentence() -> None:
    whole = zipped(HISTORY)
    with pytest.raises(FileRejected, match="zip file is damaged"):
        read(NAME, file_of(whole[: len(whole) // 2]))
    flipped = bytearray(whole)
    flipped[120] ^= 0xFF
    with pytest.raises(FileRejected, match="zip file is damaged"):
        read(NAME, file_of(bytes(flipped)))
    locked = bytearray(whole)
    locked[6] |= 1
    directory = whole.index(b"PK\x01\x02")
    locked[directory + 8] |= 1
    with pytest.raises(FileRejected, match="encrypted"):
        read(NAME, file_of(bytes(locked)))


def test_a_feed_in_an_archive_loads_as_if_it_had_come_unpacked() -> None:
    rates = "rate_date,base,quote,rate\n2026-11-24,EUR,USD,1.05\n"
    packed = rows_of(read("canonical", file_of(zipped(rates, "fx_rates.csv")), feed="fx_rates"), "fx_rates")
    assert packed.equals(rows_of(read("canonical", file_of(rates), feed="fx_rates"), "fx_rates"))
