// Table of `grid.py`. Every text of a cell is set as text, never as HTML: feeds contain text of strangers.
const drawn = new WeakMap()
const watched = new WeakMap()
const LONG = 44 // characters; longer text wraps

function make(tag, classes, text) {
  const element = document.createElement(tag)
  if (classes) element.className = classes
  if (text !== undefined) element.textContent = text
  return element
}

function cellOf(column, cell) {
  const isWord = Array.isArray(cell)
  const text = isWord ? cell[0] : cell
  const holder = make("span", cell === null ? "none" : isWord ? `word ${cell[1]}` : "", text ?? "–")
  const isLong = !isWord && text !== null && column.align !== "right" && text.length > LONG
  return { holder, classes: [column.align, isLong ? "long" : ""].filter(Boolean).join(" ") }
}

function headOf(column, sortBy) {
  const head = make("th", column.align)
  head.scope = "col"
  if (column.tip) head.title = column.tip
  const arrow = { asc: " ↑", desc: " ↓" }[column.sorted] ?? ""
  if (!column.sortable) {
    head.append(make("span", "", column.heading))
    return head
  }
  head.setAttribute("aria-sort", { asc: "ascending", desc: "descending" }[column.sorted] ?? "none")
  const button = make("button", "", column.heading + arrow)
  button.type = "button"
  button.dataset.name = column.name
  button.onclick = () => sortBy(column.name)
  head.append(button)
  return head
}

function tickBox(name, isTicked, onTick) {
  const label = make("label")
  const box = make("input")
  box.type = "checkbox"
  box.checked = isTicked
  box.setAttribute("aria-label", name)
  box.onchange = () => onTick(box.checked)
  label.append(box)
  return label
}

function rowOf(data, position, ticks, component) {
  const id = data.ids[position]
  const row = make("tr", data.opens ? "opens" : "")
  const open = () => component.setTriggerValue("opened", id)
  if (ticks) {
    const cell = make("td", "tick")
    cell.append(tickBox(`Select ${id}`, ticks.has(id), isOn => { isOn ? ticks.add(id) : ticks.delete(id); ticks.send() }))
    row.append(cell)
  }
  data.rows[position].forEach((value, place) => {
    const { holder, classes } = cellOf(data.columns[place], value)
    const cell = make(place ? "td" : "th", place ? classes : `start ${classes}`)
    if (!place) cell.scope = "row"
    if (place || !data.opens) {
      cell.append(holder)
    } else {
      const button = make("button", "open")
      button.type = "button"
      button.title = data.opens
      button.append(holder)
      cell.append(button)
    }
    row.append(cell)
  })
  if (data.opens) {
    row.onclick = event => {
      const isTick = event.target.closest(".tick")
      if (!isTick && !String(document.getSelection() ?? "")) open()
    }
  }
  return row
}

// Up and down move between the buttons of the rows.
function move(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const button = event.target.closest?.(".open")
  if (!step || !button) return
  const buttons = [...event.currentTarget.querySelectorAll(".open")]
  const next = buttons[buttons.indexOf(button) + step]
  if (next) {
    event.preventDefault()
    next.focus()
  }
}

// Fade the column that the edge cuts, so that what is left of its numbers is not taken for whole ones.
function fade(place) {
  const mark = () => {
    const start = place.getBoundingClientRect().left
    const edge = place.clientLeft + place.clientWidth
    const spans = [...place.querySelectorAll("thead th")].map(head => head.getBoundingClientRect())
    const cut = spans.find(span => span.left - start < edge - 2 && span.right - start > edge + 2)
    place.classList.toggle("cut", Boolean(cut))
    place.style.setProperty("--from", `${cut ? cut.left - start : 0}px`)
    place.style.setProperty("--to", `${edge}px`)
  }
  place.onscroll = mark
  watched.get(place)?.disconnect()
  const watcher = new ResizeObserver(mark)
  watcher.observe(place)
  watched.set(place, watcher)
}

export default function (component) {
  const { data, parentElement } = component
  const place = parentElement.querySelector(".scroll")
  const now = JSON.stringify(data)
  if (drawn.get(place) === now) return
  const focused = parentElement.activeElement?.dataset?.name
  drawn.set(place, now)
  const table = make("table")
  table.append(make("caption", "", data.caption))
  const head = make("tr")
  let ticks = null
  if (data.ticks) {
    ticks = new Set(data.ticked)
    ticks.send = () => component.setStateValue("ticked", [...ticks])
    const cell = make("th", "tick")
    const isAll = data.ids.length > 0 && data.ids.every(id => ticks.has(id))
    cell.append(tickBox("Select all rows of this page", isAll, isOn => {
      for (const box of body.querySelectorAll(".tick input")) box.checked = isOn
      for (const id of data.ids) isOn ? ticks.add(id) : ticks.delete(id)
      ticks.send()
    }))
    head.append(cell)
  }
  data.columns.forEach((column, place) => {
    const cell = headOf(column, name => component.setTriggerValue("sorted", name))
    if (!place) cell.classList.add("start")
    head.append(cell)
  })
  const body = make("tbody")
  data.rows.forEach((_, position) => body.append(rowOf(data, position, ticks, component)))
  const header = make("thead")
  header.append(head)
  table.append(header, body)
  place.style.maxHeight = data.height ? `min(${data.height}px, 80vh)` : "none"
  place.tabIndex = -1
  place.onkeydown = move
  place.replaceChildren(table)
  fade(place)
  if (focused) [...place.querySelectorAll("thead button")].find(each => each.dataset.name === focused)?.focus()
}
