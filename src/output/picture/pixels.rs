//! The pixels of a picture.

/// A colour: red, green, blue.
pub(super) type Rgb = [u8; 3];

/// Rows of pixels.
pub(super) struct Pixels {
    pub(super) width: usize,
    pub(super) height: usize,
    /// row by row
    colors: Vec<Rgb>,
}

impl Pixels {
    /// Reads a PNG file; what is transparent is black.
    pub(super) fn read(file: &[u8]) -> Option<Self> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info().ok()?;
        let mut data = vec![0; reader.output_buffer_size()?];
        let frame = reader.next_frame(&mut data).ok()?;
        data.truncate(frame.buffer_size());
        let solid = |value: u8, alpha: u8| (u16::from(value) * u16::from(alpha) / 255) as u8;
        let colors: Vec<Rgb> = match frame.color_type {
            png::ColorType::Grayscale => data.iter().map(|&gray| [gray; 3]).collect(),
            png::ColorType::GrayscaleAlpha => {
                data.chunks_exact(2).map(|pixel| [solid(pixel[0], pixel[1]); 3]).collect()
            }
            png::ColorType::Rgb => data.chunks_exact(3).map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect(),
            png::ColorType::Rgba => data
                .chunks_exact(4)
                .map(|pixel| [0, 1, 2].map(|channel| solid(pixel[channel], pixel[3])))
                .collect(),
            png::ColorType::Indexed => return None,
        };
        let (width, height) = (frame.width as usize, frame.height as usize);
        (width > 0 && height > 0 && colors.len() == width * height).then_some(Self { width, height, colors })
    }

    /// The pixel of a column and a row.
    pub(super) fn at(&self, column: usize, row: usize) -> Rgb {
        self.colors[row * self.width + column]
    }

    /// Makes it as large as that: each pixel is the mean of those in its place.
    pub(super) fn fitted(&self, width: usize, height: usize) -> Self {
        let (width, height) = (width.max(1), height.max(1));
        let span = |index: usize, count: usize, of: usize| {
            let start = index * of / count;
            start..((index + 1) * of / count).max(start + 1)
        };
        let mut colors = Vec::with_capacity(width * height);
        for row in 0..height {
            for column in 0..width {
                colors.push(self.mean(span(column, width, self.width), span(row, height, self.height)));
            }
        }
        Self { width, height, colors }
    }

    fn mean(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> Rgb {
        let count = (columns.len() * rows.len()) as u64;
        let mut sums = [0_u64; 3];
        for row in rows {
            for pixel in &self.colors[row * self.width + columns.start..row * self.width + columns.end] {
                for (sum, value) in sums.iter_mut().zip(pixel) {
                    *sum += u64::from(*value);
                }
            }
        }
        sums.map(|sum| (sum / count) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::flag;
    use super::*;

    #[test]
    fn a_file_is_read_and_made_smaller_and_larger() {
        let pixels = Pixels::read(&flag(40, 20)).unwrap();
        assert_eq!((pixels.width, pixels.height), (40, 20));
        let small = pixels.fitted(2, 2);
        assert_eq!([small.at(0, 0), small.at(1, 1)], [[255, 0, 0], [0, 0, 255]]);
        assert_eq!(pixels.fitted(1, 1).at(0, 0), [127, 0, 127]);
        assert_eq!(pixels.fitted(50, 50).at(49, 49), [0, 0, 255]);
        assert!(Pixels::read(b"nonsense").is_none());
    }
}
