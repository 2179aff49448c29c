//! Pictures in the formats that hypervisors give, as PNG.

use std::ops::Range;

/// How a PNG file begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// How a portable pixmap begins.
const PIXMAP: &[u8] = b"P6";

/// Turns the bytes of a picture into those of a PNG file; on failure says what is wrong with them.
pub(super) fn png(data: Vec<u8>) -> Result<Vec<u8>, String> {
    if data.starts_with(PNG) {
        return Ok(data);
    }
    if !data.starts_with(PIXMAP) {
        return Err("is neither PNG nor a portable pixmap".into());
    }
    let Pixmap { width, height, depth, pixels } = pixmap(&data)?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(depth);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&data[pixels])?;
        writer.finish()
    });
    written.map_err(|error| format!("cannot be written as PNG: {error}"))?;
    Ok(file)
}

struct Pixmap {
    width: u32,
    height: u32,
    depth: png::BitDepth,
    /// where they are: three numbers each, the first the most significant
    pixels: Range<usize>,
}

/// Reads the head of a pixmap: `P6`, width, height, the highest value, one blank, pixels.
fn pixmap(data: &[u8]) -> Result<Pixmap, String> {
    let mut place = PIXMAP.len();
    let [width, height, highest] = [(); 3].map(|()| number(data, &mut place));
    let (Some(width), Some(height), Some(highest)) = (width, height, highest) else {
        return Err("has no size".into());
    };
    let (depth, bytes) = match highest {
        255 => (png::BitDepth::Eight, 1),
        65_535 => (png::BitDepth::Sixteen, 2),
        other => return Err(format!("has values up to {other}, which is neither 255 nor 65535")),
    };
    let start = place + 1;
    let length = (width as usize).checked_mul(height as usize).and_then(|n| n.checked_mul(3 * bytes));
    let end = length.and_then(|length| start.checked_add(length)).filter(|end| *end <= data.len());
    let end = end.ok_or("ends before its last pixel")?;
    Ok(Pixmap { width, height, depth, pixels: start..end })
}

/// Reads a number, behind blanks and comments; leaves the place behind it.
fn number(data: &[u8], place: &mut usize) -> Option<u32> {
    loop {
        match data.get(*place)? {
            b'#' => *place += data[*place..].iter().position(|byte| *byte == b'\n')?,
            byte if byte.is_ascii_whitespace() => *place += 1,
            _ => break,
        }
    }
    let digits = data[*place..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = std::str::from_utf8(&data[*place..*place + digits]).ok()?;
    *place += digits;
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn a_pixmap_becomes_a_png_with_the_same_pixels() {
        let pixels: Vec<u8> = (0..18).map(|n| n * 10).collect();
        for head in ["P6\n3 2\n255\n", "P6 # made by hand\n# twice\n3\t2 255\n"] {
            let file = png([head.as_bytes(), &pixels].concat()).unwrap();
            assert_eq!(decoded(&file), (3, 2, pixels.clone()), "{head}");
        }
        let deep = [&b"P6 1 1 65535 "[..], &[1, 2, 3, 4, 5, 6]].concat();
        assert_eq!(decoded(&png(deep).unwrap()), (1, 1, vec![1, 2, 3, 4, 5, 6]));
    }

    #[test]
    fn a_png_stays_as_it_is() {
        let file = [PNG, b"whatever"].concat();
        assert_eq!(png(file.clone()).unwrap(), file);
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for wrong in [
            &b""[..],
            b"GIF89a",
            b"P6",
            b"P6 3 2",
            b"P6 3 2 255",
            b"P6 3 2 255\n123",
            b"P6 4294967295 4294967295 255\n",
            b"P6 3 2 7\n123456789012345678",
            b"P6 -1 2 255\n",
            b"P6 # no end",
        ] {
            assert!(png(wrong.to_vec()).is_err(), "{wrong:?}");
        }
    }
}
