//! One guest: plots of what it did, and its disks and network interfaces.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType};

use super::history::{LENGTH, Series};
use super::model::{Model, Row};
use super::text;
use crate::api::words::domain_state;
use crate::monitor::{DiskRates, NicRates};
use crate::output::{is_utf8, shortened};
use crate::units;

/// A plot is at least so high, its frame included.
const PLOT: u16 = 7;

/// Draws the guest that the cursor is on.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let Some(row) = model.current() else {
        let gone = Line::from("this guest does not run any more; Esc goes back");
        frame.render_widget(gone.style(Style::new().fg(Color::Yellow)), area);
        return;
    };
    let tables = tables(row, area.width.into());
    let head = head(row, area.width.into());
    // Plots come first; the tables take what is left, and say what is not shown.
    let left = area.height.saturating_sub(head.len() as u16 + 2 * PLOT);
    let below = left.min(tables.len() as u16);
    let [head_area, plots, below_area] = Layout::vertical([
        Constraint::Length(head.len() as u16),
        Constraint::Min(0),
        Constraint::Length(below),
    ])
    .areas(area);
    lines(frame, head_area, head);
    draw_plots(frame, plots, row, model);
    lines(frame, below_area, cut_off(tables, below.into()));
}

fn lines(frame: &mut Frame<'_>, area: Rect, lines: Vec<Line<'_>>) {
    for (line, y) in lines.into_iter().zip(area.y..area.bottom()) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

/// The lines that fit; where some do not, the last one says how many.
fn cut_off(mut lines: Vec<Line<'static>>, room: usize) -> Vec<Line<'static>> {
    if lines.len() > room && room > 0 {
        let hidden = lines.len() - room + 1;
        lines.truncate(room - 1);
        lines.push(Line::from(format!("and {hidden} more on a higher screen")).style(Style::new().dim()));
    }
    lines
}

fn head(row: &Row, width: usize) -> Vec<Line<'static>> {
    let counters = &row.counters;
    let state = counters.state.map_or_else(|| text::NOTHING.into(), domain_state);
    let fault = if row.is_stale { "  its hypervisor does not answer" } else { "" };
    let name = shortened(&counters.name, width.saturating_sub(state.len() + fault.len() + 2));
    let first = Line::from(vec![
        Span::styled(name, Style::new().add_modifier(Modifier::BOLD)),
        Span::raw("  "),
        Span::raw(state.into_owned()),
        Span::styled(fault, Style::new().fg(Color::Red)),
    ]);
    let memory = counters.memory;
    let second = format!(
        "vcpus {}  memory {} of {}  used {}  on the host {}",
        counters.vcpus.map_or_else(|| text::NOTHING.into(), |vcpus| vcpus.to_string()),
        text::size(memory.current),
        text::size(memory.maximum),
        text::size(memory.used()),
        text::size(memory.rss),
    );
    vec![first, Line::from(shortened(&second, width))]
}

/// What a plot shows.
struct Plot<'a> {
    title: &'static str,
    lines: Vec<(&'static str, Color, &'a Series)>,
    /// Writes a value of the y axis.
    unit: fn(f64) -> String,
    /// The least top of the y axis.
    least: f64,
}

fn draw_plots(frame: &mut Frame<'_>, area: Rect, row: &Row, model: &Model) {
    let history = &row.history;
    let all = row.counters.vcpus.unwrap_or(1).max(1) as f64 * 100.0;
    let bytes = |value: f64| units::size_text(value as i64);
    let rate = |value: f64| format!("{}/s", units::size_text(value as i64));
    let plots = [
        Plot {
            title: "CPU %",
            lines: vec![("used", Color::Green, &history.cpu), ("stolen", Color::Red, &history.steal)],
            unit: |value| format!("{value:.0}"),
            least: all,
        },
        Plot {
            title: "memory",
            lines: vec![("on the host", Color::Blue, &history.rss), ("used", Color::Green, &history.used)],
            unit: bytes,
            least: row.counters.memory.current.unwrap_or(1) as f64,
        },
        Plot {
            title: "disks",
            lines: vec![("read", Color::Green, &history.read), ("write", Color::Yellow, &history.write)],
            unit: rate,
            least: 1024.0,
        },
        Plot {
            title: "network",
            lines: vec![("received", Color::Green, &history.rx), ("sent", Color::Yellow, &history.tx)],
            unit: rate,
            least: 1024.0,
        },
    ];
    let halves = [Constraint::Fill(1), Constraint::Fill(1)];
    let [upper, lower] = Layout::vertical(halves).areas(area);
    // Room between the plots: labels stand at the very left of each.
    let places = [upper, lower].map(|half| Layout::horizontal(halves).spacing(2).areas::<2>(half)).concat();
    for (plot, place) in plots.iter().zip(places) {
        draw_plot(frame, place, plot, model);
    }
}

fn draw_plot(frame: &mut Frame<'_>, area: Rect, plot: &Plot<'_>, model: &Model) {
    let points: Vec<Vec<(f64, f64)>> = plot.lines.iter().map(|(_, _, series)| series.points()).collect();
    let top = points.iter().flatten().map(|(_, y)| *y).fold(plot.least, f64::max);
    let marker = if is_utf8() { Marker::Braille } else { Marker::Custom('*') };
    let datasets = plot.lines.iter().zip(&points).map(|((_, colour, _), points)| {
        Dataset::default().marker(marker).graph_type(GraphType::Line).style(*colour).data(points)
    });
    let seconds = (LENGTH - 1) as f64 * model.interval.as_secs_f64();
    let x = Axis::default()
        .bounds([1.0 - LENGTH as f64, 0.0])
        .labels([format!("-{}", units::duration_text(seconds)), "now".into()]);
    let y = Axis::default().bounds([0.0, top]).labels(["0".to_owned(), (plot.unit)(top)]);
    let mut title = vec![Span::styled(format!("{} ", plot.title), Style::new().add_modifier(Modifier::BOLD))];
    for (name, colour, series) in &plot.lines {
        let now = series.last(1).next().flatten().map_or_else(|| text::NOTHING.into(), plot.unit);
        title.push(Span::styled(format!("{name} {now} "), Style::new().fg(*colour)));
    }
    let block = Block::default().title(Line::from(title));
    let chart = Chart::new(datasets.collect()).block(block).x_axis(x).y_axis(y).legend_position(None);
    frame.render_widget(chart, area);
}

/// A line for each disk and network interface.
fn tables(row: &Row, width: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let heading = |lines: &mut Vec<Line<'static>>, text: &str| {
        let style = Style::new().add_modifier(Modifier::BOLD);
        lines.push(Line::from(shortened(text, width)).style(style));
    };
    if !row.counters.disks.is_empty() {
        heading(&mut lines, "DISK      READ/s  WRITE/s  IOPS r/w    LATENCY r/w       SIZE  SOURCE");
    }
    let none = DiskRates::default();
    for (index, disk) in row.counters.disks.iter().enumerate() {
        let rates = row.rates.disks.get(index).unwrap_or(&none);
        let iops = format!("{}/{}", text::count(rates.read.count), text::count(rates.write.count));
        let latency = format!("{}/{}", text::latency(rates.read.latency), text::latency(rates.write.latency));
        let line = format!(
            "{:8} {:>7} {:>8}  {iops:10}  {latency:13} {:>8}  {}",
            shortened(&disk.target, 8),
            text::rate(rates.read.bytes),
            text::rate(rates.write.bytes),
            text::compact(disk.capacity),
            disk.source.as_deref().unwrap_or(text::NOTHING),
        );
        lines.push(Line::from(shortened(&line, width)));
    }
    if !row.counters.nics.is_empty() {
        heading(&mut lines, "NIC          RX/s     TX/s  PACKETS rx/tx  ERRORS rx/tx  DROPS rx/tx");
    }
    let none = NicRates::default();
    for (index, nic) in row.counters.nics.iter().enumerate() {
        let rates = row.rates.nics.get(index).unwrap_or(&none);
        let pair = |rx, tx| format!("{}/{}", text::count(rx), text::count(tx));
        let line = format!(
            "{:10} {:>6} {:>8}  {:13}  {:12}  {}",
            shortened(&nic.name, 10),
            text::rate(rates.rx.bytes),
            text::rate(rates.tx.bytes),
            pair(rates.rx.packets, rates.tx.packets),
            pair(rates.rx.errors, rates.tx.errors),
            pair(rates.rx.drops, rates.tx.drops),
        );
        lines.push(Line::from(shortened(&line, width)));
    }
    lines
}
