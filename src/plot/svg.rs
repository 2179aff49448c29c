//! Pictures as SVG: one element, which is a file by itself and fits into a page of HTML.

use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::{AreaSeries, Circle, LineSeries, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoTextStyle, RGBColor, TextStyle, WHITE};

use super::scale::Scale;
use super::{LINES, Look, Series, shown};
use crate::error::{Error, Result, code};

/// Colours that can be told from each other on white and on black.
const COLORS: [RGBColor; LINES] = [
    RGBColor(47, 126, 216),
    RGBColor(224, 130, 61),
    RGBColor(58, 157, 93),
    RGBColor(192, 80, 77),
    RGBColor(128, 100, 162),
    RGBColor(184, 134, 11),
    RGBColor(26, 165, 165),
    RGBColor(212, 92, 159),
    RGBColor(107, 122, 143),
    RGBColor(122, 154, 1),
    RGBColor(160, 82, 45),
    RGBColor(75, 79, 209),
];
const GRID: RGBColor = RGBColor(204, 204, 204);
const INK: RGBColor = RGBColor(51, 51, 51);
/// The height of letters, as the drawing library counts it: 12 pixels.
const LETTERS: f64 = 14.88;
/// No letter of this size is wider.
const LETTER: usize = 8;
/// The height of a line of text.
const ROW: usize = 20;
const MARGIN: usize = 12;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn letters(across: HPos, up: VPos) -> TextStyle<'static> {
    ("sans-serif", LETTERS).into_text_style(&(640, 480)).color(&INK).pos(Pos::new(across, up))
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::new(code::IO, format!("the picture could not be drawn: {error}"))
}

/// Draws lines in a picture of `width` and `height` pixels.
///
/// Errors: `io` where the drawing library fails.
pub fn svg(series: &Series, look: &Look, width: u32, height: u32) -> Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        area.fill(&WHITE).map_err(failed)?;
        let mut top = MARGIN;
        if let Some(title) = &look.title {
            let title = shown(title, (width as usize - 2 * MARGIN) / LETTER);
            let place = (MARGIN as i32, top as i32);
            area.draw(&Text::new(title, place, letters(HPos::Left, VPos::Top))).map_err(failed)?;
            top += ROW;
        }
        if series.has_legend() {
            top += legend(&area, series, top, width as usize)?;
        }
        lines(&area, series, look, top)?;
        area.present().map_err(failed)?;
    }
    Ok(text)
}

/// Draws the names of the lines below each other where one row has no room; returns the height.
fn legend(area: &Area, series: &Series, top: usize, width: usize) -> Result<usize> {
    let (mut left, mut below) = (MARGIN, top);
    for (line, color) in series.lines.iter().zip(COLORS) {
        let name = shown(&line.name, (width - 2 * MARGIN - 24) / LETTER);
        let wide = 24 + name.chars().count() * LETTER;
        if left > MARGIN && left + wide > width - MARGIN {
            (left, below) = (MARGIN, below + ROW);
        }
        let (x, y) = (left as i32, below as i32);
        area.draw(&Rectangle::new([(x, y + 4), (x + 14, y + 8)], color.filled())).map_err(failed)?;
        area.draw(&Text::new(name, (x + 20, y), letters(HPos::Left, VPos::Top))).map_err(failed)?;
        left += wide + MARGIN;
    }
    Ok(below + ROW - top)
}

fn lines(area: &Area, series: &Series, look: &Look, top: usize) -> Result<()> {
    let (width, height) = area.dim_in_pixel();
    let room = (height as usize).saturating_sub(top + 2 * ROW);
    let up = series.up(&look.unit, room / 40 + 1);
    let widest = up.marks.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0);
    let left = MARGIN + widest * LETTER;
    let right = 4 * MARGIN;
    let across =
        series.across(|label| (width as usize).saturating_sub(left + right) / (label * LETTER + 2 * MARGIN));
    let mut chart = ChartBuilder::on(area)
        .margin_left(left as u32)
        .margin_right(right as u32)
        .margin_top(top as u32 + 8)
        .margin_bottom(ROW as u32 + 8)
        .build_cartesian_2d(across.low..across.high, up.low..up.high)
        .map_err(failed)?;
    let marks = |scale: &Scale| scale.marks.iter().map(|(place, _)| *place).collect::<Vec<f64>>();
    let level = marks(&up).into_iter().map(|y| vec![(across.low, y), (across.high, y)]);
    let upright = marks(&across).into_iter().map(|x| vec![(x, up.low), (x, up.high)]);
    chart.draw_series(level.chain(upright).map(|path| PathElement::new(path, GRID))).map_err(failed)?;
    let only = series.lines.len() == 1;
    for (line, color) in series.lines.iter().zip(COLORS) {
        let points = line.points.iter().copied();
        // An area says how much there is of something: only from zero on.
        if only && (up.low..=up.high).contains(&0.0) {
            chart.draw_series(AreaSeries::new(points.clone(), 0.0, color.mix(0.15))).map_err(failed)?;
        }
        chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2))).map_err(failed)?;
        // A single point is no line.
        if line.points.len() == 1 {
            chart.draw_series(points.map(|point| Circle::new(point, 3, color.filled()))).map_err(failed)?;
        }
    }
    for (place, label) in &up.marks {
        let (x, y) = chart.backend_coord(&(across.low, *place));
        let label = Text::new(label.as_str(), (x - 6, y), letters(HPos::Right, VPos::Center));
        area.draw(&label).map_err(failed)?;
    }
    let mut free = 0;
    for (place, label) in &across.marks {
        let (x, y) = chart.backend_coord(&(*place, up.low));
        let half = (label.chars().count() * LETTER / 2) as i32;
        // A label at an end stays inside.
        let x = x.clamp(half.min(width as i32 / 2), (width as i32 - half).max(width as i32 / 2));
        if x - half < free {
            continue;
        }
        area.draw(&Text::new(label.as_str(), (x, y + 8), letters(HPos::Center, VPos::Top)))
            .map_err(failed)?;
        free = x + half + LETTER as i32;
    }
    Ok(())
}
