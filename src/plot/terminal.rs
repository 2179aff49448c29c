//! Pictures of characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::Line as Label;
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Widget};
use unicode_width::UnicodeWidthStr;

use super::scale::Scale;
use super::{LINES, Line, Look, Series, shown};

/// Colours of the lines: numbers of the terminal's own.
const COLORS: [u8; LINES] = [6, 3, 5, 2, 4, 1, 14, 11, 13, 10, 12, 9];
/// Signs of the lines where there are neither colours nor dots.
const GLYPHS: [char; LINES] = ['*', '+', 'o', 'x', '#', '@', '%', '=', '&', '$', '^', '~'];
/// The blanks between two labels or names.
const GAP: usize = 2;

/// What a terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    /// Characters beyond ASCII.
    pub utf8: bool,
    /// Colours.
    pub color: bool,
}

impl Signs {
    /// How a line is drawn: in dots where its colour tells it from the others, otherwise with a sign of its own.
    fn marker(self, place: usize, lines: usize) -> Marker {
        if self.utf8 && (self.color || lines == 1) { Marker::Braille } else { Marker::Custom(GLYPHS[place]) }
    }

    /// What stands for a line in the legend.
    fn sample(self, place: usize, lines: usize) -> String {
        match self.marker(place, lines) {
            Marker::Custom(sign) => sign.to_string(),
            _ => self.painted(place, "━━"),
        }
    }

    fn painted(self, place: usize, text: &str) -> String {
        if self.color { format!("{}{text}\x1b[0m", sgr(COLORS[place])) } else { text.to_owned() }
    }
}

fn sgr(color: u8) -> String {
    let code = if color < 8 { 30 + color } else { 82 + color };
    format!("\x1b[{code}m")
}

/// Draws lines in `width` columns and `height` rows, with title and legend above them; ends with a line end.
pub fn text(series: &Series, look: &Look, width: u16, height: u16, signs: Signs) -> String {
    let mut text = String::new();
    if let Some(title) = &look.title {
        text.push_str(&shown(title, usize::from(width)));
        text.push('\n');
    }
    if series.has_legend() {
        text.push_str(&legend(&series.lines, usize::from(width), signs));
    }
    text.push_str(&chart(series, look, width, height, signs));
    text
}

fn legend(lines: &[Line], width: usize, signs: Signs) -> String {
    let mut text = String::new();
    let mut used = 0;
    for (place, line) in lines.iter().enumerate() {
        let sample = signs.sample(place, lines.len());
        // The sample's colour takes no room.
        let wide = if sample.len() == 1 { 1 } else { 2 };
        let name = shown(&line.name, width.saturating_sub(wide + 1).max(1));
        let needed = wide + 1 + name.width();
        if used > 0 && used + GAP + needed > width {
            text.push('\n');
            used = 0;
        }
        if used > 0 {
            text.push_str(&" ".repeat(GAP));
            used += GAP;
        }
        text.extend([sample.as_str(), " ", name.as_str()]);
        used += needed;
    }
    text.push('\n');
    text
}

fn chart(series: &Series, look: &Look, width: u16, height: u16, signs: Signs) -> String {
    let up = series.up(&look.unit, usize::from(height.saturating_sub(2)) / 3 + 1);
    let left = up.marks.iter().map(|(_, label)| label.width()).max().unwrap_or(0);
    let room = usize::from(width).saturating_sub(left + 1);
    let across = series.across(|label| room / (label + 2 * GAP));
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    let datasets = series.lines.iter().enumerate().map(|(place, line)| {
        Dataset::default()
            .marker(signs.marker(place, series.lines.len()))
            .graph_type(GraphType::Line)
            .style(Style::new().fg(Color::Indexed(COLORS[place])))
            .data(&line.points)
    });
    let labels = up.marks.iter().map(|(_, label)| Label::from(format!("{label:>left$}")));
    Chart::new(datasets.collect())
        // Labels of its own would be clipped: the row is kept for ours.
        .x_axis(Axis::default().bounds([across.low, across.high]).labels([" ", " "]))
        .y_axis(Axis::default().bounds([up.low, up.high]).labels(labels))
        .legend_position(None)
        .render(area, &mut buffer);
    label_across(&mut buffer, &across, left + 1);
    rows(&buffer, signs)
}

/// Writes the labels of the level axis below it, each in the middle below its mark, none over another.
fn label_across(buffer: &mut Buffer, across: &Scale, left: usize) {
    let Rect { width, height, .. } = buffer.area;
    let (width, bottom) = (usize::from(width), height - 1);
    let mut free = 0;
    for (place, label) in &across.marks {
        let column = left + (across.part(*place) * (width - left - 1) as f64).round() as usize;
        let wide = label.width();
        let start = column.saturating_sub(wide / 2).min(width.saturating_sub(wide));
        if start < free || wide > width {
            continue;
        }
        buffer[(column as u16, bottom - 1)].set_symbol("┬");
        buffer.set_string(start as u16, bottom, label, Style::new());
        free = start + wide + GAP;
    }
}

/// The characters of a buffer as lines of text.
fn rows(buffer: &Buffer, signs: Signs) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut row = String::new();
        let mut current = Color::Reset;
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let color = if cell.symbol() == " " { Color::Reset } else { cell.fg };
            if signs.color && color != current {
                row.push_str(&if let Color::Indexed(color) = color { sgr(color) } else { "\x1b[0m".into() });
                current = color;
            }
            row.push_str(if signs.utf8 { cell.symbol() } else { ascii(cell.symbol()) });
        }
        if current != Color::Reset {
            row.push_str("\x1b[0m");
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn ascii(symbol: &str) -> &str {
    match symbol {
        "─" => "-",
        "│" => "|",
        "└" | "┬" => "+",
        other => other,
    }
}
