//! Six rows of pixels at a time, one colour after the other.

use std::fmt::Write as _;

use super::pixels::{Pixels, Rgb};

/// Steps of each part of a colour: 216 colours in all, which every such terminal has.
const STEPS: usize = 6;
const COLORS: usize = STEPS * STEPS * STEPS;
/// Rows in one band.
const BAND: usize = 6;

/// Writes the pixels.
pub(super) fn text(pixels: &Pixels) -> String {
    let mut text = format!("\x1bPq\"1;1;{};{}", pixels.width, pixels.height);
    for color in 0..COLORS {
        let part = |place: usize| color / STEPS.pow(place as u32) % STEPS * 100 / (STEPS - 1);
        // Writing to memory does not fail.
        let _ = write!(text, "#{color};2;{};{};{}", part(2), part(1), part(0));
    }
    for top in (0..pixels.height).step_by(BAND) {
        band(&mut text, pixels, top);
    }
    text.push_str("\x1b\\\n");
    text
}

fn band(text: &mut String, pixels: &Pixels, top: usize) {
    let rows = top..(top + BAND).min(pixels.height);
    let mut masks: Vec<Vec<u8>> = vec![Vec::new(); COLORS];
    for column in 0..pixels.width {
        for row in rows.clone() {
            let mask = &mut masks[number(pixels.at(column, row))];
            mask.resize(pixels.width, 0);
            mask[column] |= 1 << (row - top);
        }
    }
    for (color, mask) in masks.iter().enumerate().filter(|(_, mask)| !mask.is_empty()) {
        let _ = write!(text, "#{color}");
        for run in mask.chunk_by(|a, b| a == b) {
            let letter = char::from(b'?' + run[0]);
            match run.len() {
                count @ 4.. => drop(write!(text, "!{count}{letter}")),
                count => text.extend(std::iter::repeat_n(letter, count)),
            }
        }
        // Back to the beginning of the band for the next colour.
        text.push('$');
    }
    text.push('-');
}

fn number(rgb: Rgb) -> usize {
    rgb.iter().fold(0, |number, &value| {
        number * STEPS + (usize::from(value) * (STEPS - 1) + 127) / usize::from(u8::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::flag;
    use super::*;

    #[test]
    fn bands_have_their_colours_one_after_the_other() {
        let text = text(&Pixels::read(&flag(8, 12)).unwrap());
        assert!(text.starts_with("\x1bPq\"1;1;8;12#0;2;0;0;0#1;2;0;0;20"), "{text:?}");
        // Red fills the first band, blue the second.
        assert!(text.ends_with("#180!8~$-#5!8~$-\x1b\\\n"), "{text:?}");
    }
}
