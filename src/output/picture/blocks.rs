//! Two pixels in one cell: the upper half of a block in one colour on a ground of the other.

use std::fmt::Write as _;

use super::pixels::{Pixels, Rgb};

/// Writes the pixels; `exact` with 24-bit colours, otherwise with the nearest of 256.
pub(super) fn text(pixels: &Pixels, exact: bool) -> String {
    let mut text = String::new();
    for row in (0..pixels.height).step_by(2) {
        let mut before = None;
        for column in 0..pixels.width {
            let upper = pixels.at(column, row);
            let lower = if row + 1 < pixels.height { pixels.at(column, row + 1) } else { [0; 3] };
            if before != Some((upper, lower)) {
                let (front, ground) = (color(upper, exact), color(lower, exact));
                // Writing to memory does not fail.
                let _ = write!(text, "\x1b[38;{front};48;{ground}m");
                before = Some((upper, lower));
            }
            text.push('▀');
        }
        text.push_str("\x1b[0m\n");
    }
    text
}

fn color(rgb: Rgb, exact: bool) -> String {
    let [red, green, blue] = rgb;
    if exact { format!("2;{red};{green};{blue}") } else { format!("5;{}", nearest(rgb)) }
}

/// The levels of the cube of colours 16 to 231.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Returns the number of the nearest of the 256 colours, of the cube or of the grays 232 to 255.
fn nearest(rgb: Rgb) -> u8 {
    let level = |value: u8| (0..6).min_by_key(|&level| LEVELS[level].abs_diff(value)).unwrap_or(0);
    let places = rgb.map(level);
    let gray = (0..24_u8).min_by_key(|&step| distance(rgb, [8 + step * 10; 3])).unwrap_or(0);
    if distance(rgb, [8 + gray * 10; 3]) < distance(rgb, places.map(|place| LEVELS[place])) {
        return 232 + gray;
    }
    let [red, green, blue] = places;
    (16 + red * 36 + green * 6 + blue) as u8
}

fn distance(one: Rgb, other: Rgb) -> u32 {
    one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::flag;
    use super::*;

    #[test]
    fn a_cell_shows_two_pixels() {
        let pixels = Pixels::read(&flag(2, 2)).unwrap();
        assert_eq!(text(&pixels, true), "\x1b[38;2;255;0;0;48;2;0;0;255m▀▀\x1b[0m\n");
        assert_eq!(text(&pixels, false), "\x1b[38;5;196;48;5;21m▀▀\x1b[0m\n");
        assert_eq!(text(&Pixels::read(&flag(1, 3)).unwrap(), true).lines().count(), 2);
    }

    #[test]
    fn the_nearest_colour_may_be_a_gray() {
        assert_eq!(nearest([0, 0, 0]), 16);
        assert_eq!(nearest([255, 255, 255]), 231);
        assert_eq!(nearest([30, 30, 30]), 234);
    }
}
