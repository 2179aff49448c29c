//! Pictures on a terminal: in a protocol of its own where it has one, in coloured half blocks elsewhere.
//!
//! Nothing is asked of the terminal: what it is called says what it can, and whoever types ahead loses no key.

mod blocks;
mod pixels;
mod sixel;

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Palette;
use pixels::Pixels;

/// How a terminal draws pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The protocol of kitty, which others have too.
    Kitty,
    /// The protocol of iTerm2, which others have too.
    Iterm,
    /// That of DEC's terminals.
    Sixel,
    /// Half blocks in 24-bit colours.
    Blocks,
    /// Half blocks in 256 colours.
    FewColors,
}

impl Way {
    /// Decides for the terminal of the process; `None` where it has no colours, or too few of them.
    /// `variable` looks up the environment.
    pub fn of_terminal(palette: Palette, variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        if !palette.is_colored() {
            return None;
        }
        let text = |name: &str| variable(name).unwrap_or_default();
        let (term, program) = (text("TERM"), text("TERM_PROGRAM"));
        let is_term = |names: &[&str]| names.iter().any(|name| term.starts_with(name));
        // Between the terminal and us: it passes on no pictures.
        let is_inside = is_term(&["screen", "tmux"]) || !text("TMUX").is_empty();
        if !is_inside {
            let is_kitty = is_term(&["xterm-kitty", "xterm-ghostty"]) || !text("KITTY_WINDOW_ID").is_empty();
            if is_kitty || program == "ghostty" {
                return Some(Self::Kitty);
            }
            if ["iTerm.app", "WezTerm"].contains(&program.as_str()) || text("LC_TERMINAL") == "iTerm2" {
                return Some(Self::Iterm);
            }
            if is_term(&["foot", "mlterm", "contour", "yaft"]) || term.contains("sixel") {
                return Some(Self::Sixel);
            }
        }
        if ["truecolor", "24bit"].contains(&text("COLORTERM").as_str()) || term.ends_with("-direct") {
            return Some(Self::Blocks);
        }
        term.contains("256color").then_some(Self::FewColors)
    }
}

/// Returns width and height of the picture in a PNG file, `None` where it is none.
pub fn size(file: &[u8]) -> Option<(u32, u32)> {
    let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().ok()?;
    Some(reader.info().size())
}

/// Returns the text that draws the picture of a PNG file in at most so many columns and rows of the terminal.
/// `None` where it cannot be read.
pub fn text(file: &[u8], way: Way, room: (usize, usize)) -> Option<String> {
    let (columns, rows) = room;
    if columns == 0 || rows == 0 {
        return None;
    }
    let (width, height) = size(file)?;
    let cells = cells(width, height, room);
    Some(match way {
        Way::Kitty => kitty(file, cells),
        Way::Iterm => iterm(file, cells),
        Way::Sixel => sixel::text(&Pixels::read(file)?.fitted(cells.0 * CELL.0, cells.1 * CELL.1)),
        Way::Blocks => blocks::text(&Pixels::read(file)?.fitted(cells.0, cells.1 * 2), true),
        Way::FewColors => blocks::text(&Pixels::read(file)?.fitted(cells.0, cells.1 * 2), false),
    })
}

/// Pixels of a cell of the terminal, as most have them; who has larger ones shows a smaller picture.
const CELL: (usize, usize) = (8, 16);

/// Returns the columns and rows that a picture takes: as they are, or smaller in both directions.
fn cells(width: u32, height: u32, (columns, rows): (usize, usize)) -> (usize, usize) {
    let (width, height) = (f64::from(width.max(1)) / CELL.0 as f64, f64::from(height.max(1)) / CELL.1 as f64);
    let scale = (columns as f64 / width).min(rows as f64 / height).min(1.0);
    let count = |number: f64, most: usize| ((number * scale).round() as usize).clamp(1, most);
    (count(width, columns), count(height, rows))
}

/// The longest piece of data in a message to kitty.
const PIECE: usize = 4096;

fn kitty(file: &[u8], (columns, rows): (usize, usize)) -> String {
    let data = STANDARD.encode(file);
    let mut text = String::with_capacity(data.len() + data.len() / 256);
    let mut left = data.as_str();
    let mut head = format!("a=T,f=100,c={columns},r={rows},q=2,");
    loop {
        let (piece, rest) = left.split_at(left.len().min(PIECE));
        let more = u8::from(!rest.is_empty());
        // Writing to memory does not fail.
        let _ = write!(text, "\x1b_G{head}m={more};{piece}\x1b\\");
        (left, head) = (rest, String::new());
        if left.is_empty() {
            break;
        }
    }
    text.push('\n');
    text
}

fn iterm(file: &[u8], (columns, rows): (usize, usize)) -> String {
    let size = file.len();
    let data = STANDARD.encode(file);
    format!(
        "\x1b]1337;File=inline=1;size={size};width={columns};height={rows};preserveAspectRatio=1:{data}\x07\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of red above blue.
    pub(super) fn flag(width: u32, height: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().unwrap();
        let color = |row: u32| if row < height / 2 { [255, 0, 0] } else { [0, 0, 255] };
        let data: Vec<u8> = (0..height).flat_map(|row| color(row).repeat(width as usize)).collect();
        writer.write_image_data(&data).unwrap();
        writer.finish().unwrap();
        file
    }

    fn way(palette: Palette, variables: &[(&str, &str)]) -> Option<Way> {
        let look =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Way::of_terminal(palette, look)
    }

    #[test]
    fn the_name_of_the_terminal_says_what_it_can() {
        let color = Palette::COLOR;
        assert_eq!(way(color, &[("TERM", "xterm-kitty")]), Some(Way::Kitty));
        assert_eq!(
            way(color, &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")]),
            Some(Way::Iterm)
        );
        assert_eq!(way(color, &[("TERM", "foot")]), Some(Way::Sixel));
        assert_eq!(way(color, &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Some(Way::Blocks));
        assert_eq!(way(color, &[("TERM", "xterm-256color")]), Some(Way::FewColors));
        assert_eq!(way(color, &[("TERM", "linux")]), None);
        assert_eq!(way(Palette::PLAIN, &[("TERM", "xterm-kitty")]), None);
    }

    #[test]
    fn inside_tmux_there_are_only_blocks() {
        let inside = [("TERM", "tmux-256color"), ("TMUX", "/tmp/x"), ("KITTY_WINDOW_ID", "1")];
        assert_eq!(way(Palette::COLOR, &inside), Some(Way::FewColors));
    }

    #[test]
    fn a_picture_keeps_its_form_and_is_never_made_larger() {
        assert_eq!(cells(80, 160, (100, 30)), (10, 10));
        assert_eq!(cells(1600, 800, (100, 30)), (100, 25));
        assert_eq!(cells(800, 1600, (100, 30)), (30, 30));
        assert_eq!(cells(1, 1, (100, 30)), (1, 1));
    }

    #[test]
    fn what_is_no_picture_is_not_drawn() {
        assert_eq!(size(b"\x89PNG\r\n\x1a\nnonsense"), None);
        assert_eq!(size(b""), None);
        assert_eq!(size(&flag(4, 2)), Some((4, 2)));
        assert_eq!(text(b"nonsense", Way::Kitty, (80, 24)), None);
        assert_eq!(text(&flag(4, 2), Way::Blocks, (0, 24)), None);
    }

    #[test]
    fn the_file_is_sent_whole_in_pieces_that_kitty_takes() {
        let file: Vec<u8> = (0..10_000_u32).map(|n| n as u8).collect();
        let text = kitty(&file, (3, 4));
        let pieces: Vec<&str> = text.trim_end().split("\x1b\\").filter(|piece| !piece.is_empty()).collect();
        assert!(pieces[0].starts_with("\x1b_Ga=T,f=100,c=3,r=4,q=2,m=1;"), "{}", pieces[0]);
        assert!(pieces.last().unwrap().starts_with("\x1b_Gm=0;"));
        let data: String = pieces.iter().map(|piece| piece.split_once(';').unwrap().1).collect();
        assert!(pieces.iter().all(|piece| piece.split_once(';').unwrap().1.len() <= PIECE));
        assert_eq!(STANDARD.decode(data).unwrap(), file);
    }

    #[test]
    fn iterm_gets_the_file_with_its_size() {
        let text = iterm(b"abc", (3, 4));
        assert!(text.contains("size=3;width=3;height=4") && text.ends_with(":YWJj\x07\n"), "{text:?}");
    }
}
