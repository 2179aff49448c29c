//! What a run wrote, kept for the record up to a limit: the beginning and the end of it.

use std::collections::VecDeque;

/// See the module.
#[derive(Debug)]
pub struct KeptOutput {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: u64,
    /// bytes of each half
    half: usize,
}

impl KeptOutput {
    /// Keeps at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { head: Vec::new(), tail: VecDeque::new(), left_out: 0, half: limit / 2 }
    }

    /// Adds what was written next.
    pub fn add(&mut self, bytes: &[u8]) {
        let room = self.half - self.head.len();
        let (first, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(first);
        self.tail.extend(rest);
        let over = self.tail.len().saturating_sub(self.half);
        self.tail.drain(..over);
        self.left_out += over as u64;
    }

    /// How many bytes are kept.
    pub fn size(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// Returns it as a text; what is not UTF-8 is replaced, and where something is missing a line says how much.
    pub fn text(&self) -> String {
        let tail: Vec<u8> = self.tail.iter().copied().collect();
        if self.left_out == 0 {
            return String::from_utf8_lossy(&[self.head.as_slice(), &tail].concat()).into_owned();
        }
        let (head, tail) = (String::from_utf8_lossy(&self.head), String::from_utf8_lossy(&tail));
        format!("{head}\n[{} bytes are left out here]\n{tail}", self.left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_kept_as_it_is() {
        let mut kept = KeptOutput::new(16);
        for part in ["one\n", "zwö", "lf\n"] {
            kept.add(part.as_bytes());
        }
        assert_eq!(kept.text(), "one\nzwölf\n");
    }

    #[test]
    fn of_too_much_the_beginning_and_the_end_are_kept() {
        let mut kept = KeptOutput::new(8);
        for number in 0..100 {
            kept.add(format!("{number:02}").as_bytes());
        }
        assert_eq!(kept.text(), "0001\n[192 bytes are left out here]\n9899");
    }

    #[test]
    fn bytes_that_are_no_text_do_not_break_the_record() {
        let mut kept = KeptOutput::new(64);
        kept.add(b"a\xff\0b");
        assert_eq!(kept.text(), "a\u{fffd}\0b");
    }
}
