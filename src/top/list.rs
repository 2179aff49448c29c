//! The list of guests.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use super::model::{Model, Row, Sort};
use super::text;
use crate::api::words::domain_state;
use crate::output::{shortened, shown_width};

/// One column; names come first and take what room is left.
struct Column {
    title: &'static str,
    width: u16,
    /// The larger, the earlier it goes where the screen is narrow.
    priority: u8,
    sort: Option<Sort>,
    text: fn(&Row) -> String,
}

/// The columns that fit a screen.
struct Fit {
    columns: Vec<&'static Column>,
    /// The room for names.
    name: u16,
    /// The room for the past.
    past: u16,
}

impl Fit {
    fn width(&self, column: &Column) -> usize {
        usize::from(if column.title.is_empty() { self.past } else { column.width })
    }
}

/// Columns of the past that a sparkline has at least, and at most where there is room.
const PAST: u16 = 12;
const LONG_PAST: u16 = 60;

/// The least room for names.
const NAME: u16 = 12;

/// Between two columns.
const GAP: u16 = 2;

const COLUMNS: &[Column] = &[
    Column { title: "STATE", width: 11, priority: 1, sort: None, text: state },
    Column {
        title: "%CPU",
        width: 6,
        priority: 0,
        sort: Some(Sort::Cpu),
        text: |row| text::percent(row.rates.cpu),
    },
    Column { title: "", width: PAST, priority: 4, sort: None, text: |_| String::new() },
    Column { title: "%STEAL", width: 6, priority: 6, sort: None, text: |row| text::percent(row.rates.steal) },
    Column { title: "VCPU", width: 4, priority: 5, sort: None, text: vcpus },
    Column {
        title: "MEMORY",
        width: 6,
        priority: 0,
        sort: Some(Sort::Memory),
        text: |row| text::compact(row.counters.memory.current),
    },
    Column {
        title: "USED",
        width: 6,
        priority: 6,
        sort: None,
        text: |row| text::compact(row.counters.memory.used()),
    },
    Column {
        title: "RSS",
        width: 6,
        priority: 7,
        sort: None,
        text: |row| text::compact(row.counters.memory.rss),
    },
    Column {
        title: "READ/s",
        width: 7,
        priority: 2,
        sort: Some(Sort::Disk),
        text: |row| text::rate(row.read()),
    },
    Column {
        title: "WRITE/s",
        width: 7,
        priority: 2,
        sort: Some(Sort::Disk),
        text: |row| text::rate(row.write()),
    },
    Column { title: "IOPS", width: 6, priority: 8, sort: None, text: iops },
    Column { title: "RX/s", width: 6, priority: 3, sort: Some(Sort::Net), text: |row| text::rate(row.rx()) },
    Column { title: "TX/s", width: 6, priority: 3, sort: Some(Sort::Net), text: |row| text::rate(row.tx()) },
];

fn state(row: &Row) -> String {
    match row.counters.state {
        _ if row.is_stale => "stale".into(),
        Some(state) => domain_state(state).into_owned(),
        None => text::NOTHING.into(),
    }
}

fn vcpus(row: &Row) -> String {
    row.counters.vcpus.map_or_else(|| text::NOTHING.into(), |vcpus| vcpus.to_string())
}

fn past(row: &Row, width: u16) -> String {
    let all = row.counters.vcpus.unwrap_or(1).max(1) as f64 * 100.0;
    text::spark(row.history.cpu.last(width.into()), all, width.into())
}

fn iops(row: &Row) -> String {
    let sum = |of: fn(&crate::monitor::DiskRates) -> Option<f64>| row.rates.disks_sum(of);
    match (sum(|disk| disk.read.count), sum(|disk| disk.write.count)) {
        (None, None) => text::NOTHING.into(),
        (read, write) => text::count(Some(read.unwrap_or(0.0) + write.unwrap_or(0.0))),
    }
}

/// The columns that fit, with names of that length. What room is left goes to the past.
fn fitting(width: u16, longest: u16) -> Fit {
    let mut columns: Vec<&Column> = COLUMNS.iter().collect();
    let wanted = longest.max(NAME);
    loop {
        let taken: u16 = columns.iter().map(|column| column.width + GAP).sum();
        let left = width.saturating_sub(taken);
        // Names are cut only where nothing else can go any more.
        let last = columns.iter().map(|column| column.priority).max().unwrap_or(0);
        if left >= wanted || last == 0 || last <= 1 && left >= NAME {
            let name = left.min(wanted);
            return Fit { columns, name, past: (PAST + left - name).min(LONG_PAST) };
        }
        columns.retain(|column| column.priority < last);
    }
}

/// Draws the list below `area`'s first line, which has the headings.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &mut Model) {
    let visible = usize::from(area.height.saturating_sub(1));
    scroll(model, visible);
    let rows: Vec<&Row> = model.rows().skip(model.offset).take(visible).collect();
    // A text takes no more columns than bytes: most need not be measured.
    let longest = model.rows().map(|row| &*row.counters.name).fold(0, |longest, name| {
        if name.len() <= longest { longest } else { longest.max(shown_width(name)) }
    });
    let fit = fitting(area.width, u16::try_from(longest).unwrap_or(u16::MAX));
    let mut lines = vec![headings(model, &fit)];
    lines.extend(rows.iter().map(|row| line(row, &fit, Some(row.counters.uuid) == model.selected)));
    if rows.is_empty() {
        lines.push(Line::from(nothing(model)).style(Style::new().dim()));
    }
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

fn nothing(model: &Model) -> String {
    match model.counts() {
        (0, _) if model.time.is_empty() => "waiting for the first sample".into(),
        (0, _) => "no guest is running".into(),
        (known, _) => format!("none of {known} guests fits {:?}; Esc shows all", model.filter),
    }
}

/// Keeps the cursor on the screen.
fn scroll(model: &mut Model, visible: usize) {
    let (place, count) = (model.place().unwrap_or_default(), model.rows().len());
    let lowest = (place + 1).saturating_sub(visible);
    model.offset = model.offset.clamp(lowest, place.max(lowest)).min(count.saturating_sub(visible));
}

fn headings(model: &Model, fit: &Fit) -> Line<'static> {
    let style = |is_sorted: bool| {
        let style = Style::new().add_modifier(Modifier::BOLD);
        if is_sorted { style.fg(Color::Cyan) } else { style }
    };
    let name = format!("{:width$}", "NAME", width = usize::from(fit.name));
    let mut spans = vec![Span::styled(name, style(model.sort == Sort::Name))];
    for column in &fit.columns {
        let is_sorted = column.sort == Some(model.sort);
        spans.push(Span::raw(" ".repeat(usize::from(GAP))));
        spans.push(Span::styled(padded(column.title, column, fit), style(is_sorted)));
    }
    Line::from(spans)
}

/// Words stand on the left, numbers on the right.
fn padded(text: &str, column: &Column, fit: &Fit) -> String {
    let width = fit.width(column);
    if column.title == "STATE" { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

fn line(row: &Row, fit: &Fit, is_selected: bool) -> Line<'static> {
    let name = shortened(&row.counters.name, fit.name.into());
    let pad = usize::from(fit.name).saturating_sub(shown_width(&name));
    let mut spans = vec![Span::raw(format!("{name}{}", " ".repeat(pad)))];
    for column in &fit.columns {
        let text = if column.title.is_empty() { past(row, fit.past) } else { (column.text)(row) };
        spans.push(Span::raw(" ".repeat(usize::from(GAP))));
        spans.push(Span::styled(padded(&text, column, fit), colour(row, column)));
    }
    let line = Line::from(spans);
    match (is_selected, row.is_stale) {
        (true, _) => line.style(Style::new().add_modifier(Modifier::REVERSED)),
        (false, true) => line.style(Style::new().add_modifier(Modifier::DIM)),
        (false, false) => line,
    }
}

fn colour(row: &Row, column: &Column) -> Style {
    let all = row.counters.vcpus.unwrap_or(1).max(1) as f64 * 100.0;
    match (column.title, row.rates.cpu) {
        ("STATE", _) if row.is_stale => Style::new().fg(Color::Red),
        ("STATE", _) if row.counters.state == Some(1) => Style::new().fg(Color::Green),
        ("STATE", _) => Style::new().fg(Color::Yellow),
        ("%CPU" | "", Some(cpu)) if !row.is_stale => Style::new().fg(text::load_colour(cpu / all)),
        _ => Style::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_before_names_are_cut() {
        for (width, longest) in [(80, 6), (80, 20), (120, 12), (200, 30), (300, 30), (40, 10), (20, 10)] {
            let fit = fitting(width, longest);
            let columns = fit.columns.iter().map(|column| fit.width(column) + usize::from(GAP));
            let taken = usize::from(fit.name) + columns.sum::<usize>();
            assert!(
                taken <= width.into() || fit.columns.iter().all(|column| column.priority == 0),
                "{width}"
            );
            assert!(fit.name >= longest.min(NAME) || width < 40, "{width} {longest}: {}", fit.name);
        }
        assert_eq!(fitting(200, 30).columns.len(), COLUMNS.len(), "a wide screen shows everything");
        assert_eq!(fitting(300, 30).past, LONG_PAST, "and more of the past");
        let titles: Vec<_> = fitting(80, 12).columns.iter().map(|column| column.title).collect();
        assert_eq!(titles, ["STATE", "%CPU", "MEMORY", "READ/s", "WRITE/s", "RX/s", "TX/s"]);
    }
}
