"""Hands of a person at a page: buttons pressed, boxes filled in, options picked, rows opened and ticked."""

from __future__ import annotations

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.conftest import wait_for_element, wait_until_drawn, waiting

__all__ = ["by_xpath", "click", "fill", "go", "pick", "press", "press_key", "slide", "tick", "write"]


def click(browser: webdriver.Chrome, found: WebElement) -> None:
    """Click an element, also if something still moves over it, as in a dialog that is opening."""
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'}); arguments[0].click()", found)


def by_xpath(browser: webdriver.Chrome, path: str) -> WebElement:
    """Wait for an element, and return it."""
    return waiting(browser).until(lambda shown: shown.find_element(By.XPATH, path), f"{path} never came")


def touch(browser: webdriver.Chrome, path: str) -> WebElement:
    """Click an element with the mouse, as soon as the page stands still enough for it, and return it."""

    def touched(shown: webdriver.Chrome) -> WebElement:
        found = shown.find_element(By.XPATH, path)
        shown.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
        found.click()
        return found

    return waiting(browser).until(touched, f"{path} could not be clicked")


def press(browser: webdriver.Chrome, text: str, place: int = 1) -> None:
    """Click the button of a text."""
    click(browser, by_xpath(browser, f"(//button[not(@disabled)][.//p[normalize-space()='{text}']])[{place}]"))


def press_key(browser: webdriver.Chrome, key: str) -> None:
    """Click the button of a widget key."""
    click(browser, wait_for_element(browser, f".st-key-{key} button"))


def write(browser: webdriver.Chrome, key: str, text: str) -> None:
    """Write into the text area of a widget key, and leave it, so that the page has the text."""
    wait_for_element(browser, f".st-key-{key} textarea").send_keys(text + "\t")


def fill(browser: webdriver.Chrome, label: str, text: str) -> None:
    """Write a text into the field of a label, in place of what is there, and leave the field."""
    field = touch(browser, f"//input[@aria-label='{label}'] | //textarea[@aria-label='{label}']")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text, Keys.TAB)


def pick(browser: webdriver.Chrome, label: str, option: str) -> None:
    """Choose an option of the select box of a label."""
    box = f"//*[@data-testid='stSelectbox'][.//p[normalize-space()='{label}']]"
    touch(browser, f"{box}//input")
    click(browser, by_xpath(browser, f"//*[@role='option'][normalize-space()='{option}']"))
    waiting(browser).until(lambda shown: shown.find_element(By.XPATH, f"{box}//input").get_attribute("value") == option)


def tick(browser: webdriver.Chrome, label: str) -> None:
    """Click the check box of a label."""
    touch(browser, f"//*[@data-testid='stCheckbox'][.//p[normalize-space()='{label}']]//label")


def slide(browser: webdriver.Chrome, label: str, steps: int) -> None:
    """Move the slider of a label to the right by some steps."""
    by_xpath(browser, f"//input[@type='range'][@aria-label='{label}']").send_keys(Keys.ARROW_RIGHT * steps)


def go(browser: webdriver.Chrome, page: str) -> None:
    """Open a page by its link at the side, and wait for it."""
    click(browser, by_xpath(browser, f"//*[@data-testid='stSidebarNavLink'][.//*[normalize-space()='{page}']]"))
    wait_until_drawn(browser, page)
