//! Keys in no order that makes sense: 1,000 in `make test`, 100,000 in `make soak`; others with another number in
//! `VIRHAI_SEED`.

use std::time::Duration;

use super::bad_input;
use crate::support::{Pty, Virhai, soak};

/// Keys between two looks at whether the prompt still answers.
const ROUND: usize = 250;

/// What a person types whole, so that the keys around it meet something.
const WORDS: &[&str] = &[
    "domain(\"web1\")",
    "domains()",
    ".filter(|d| d.",
    "let x = ",
    "fn f(a) { ",
    " }",
    "import \"",
    "for i in ",
    "#{ ",
    "[1, 2",
    "`a ${",
    "help ",
    "?",
    ":",
    "!",
    "list --all",
    "dominfo ",
    "it",
    "\"web",
    "fs::read(\"",
    "// ",
    "/* ",
    "\t",
    "\r",
    "\t\t",
    "\r\r\r",
];

/// Letters that take more than one byte, or no place of their own.
const LETTERS: &[&str] = &["é", "漢", "👩‍👩‍👧", "e\u{301}", "\u{200b}", "\u{202e}", "ß", "𝄞", "\u{7f}", "\u{85}"];

/// Keys that send more than a byte; some are cut off, and some no keyboard has.
const ESCAPES: &[&str] = &[
    "[A",
    "[B",
    "[C",
    "[D",
    "[H",
    "[F",
    "[2~",
    "[3~",
    "[5~",
    "[6~",
    "OP",
    "[15~",
    "[1;5C",
    "[1;3D",
    "[Z",
    "b",
    "f",
    "d",
    "u",
    "t",
    "<",
    ">",
    ".",
    "\x7f",
    "[",
    "[99",
    "[1;",
    "[200;1R",
    "[M !!",
    "]0;title\x07",
    "Pq#0~\x1b\\",
    "[?",
    "O",
    "[9999999999~",
];

/// Throws dice; the same ones for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % count
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// The bytes of one key.
    fn key(&mut self) -> Vec<u8> {
        match self.below(100) {
            0..50 => vec![32 + u8::try_from(self.below(95)).expect("a letter")],
            50..65 => vec![self.control()],
            65..80 => format!("\x1b{}", self.one_of(ESCAPES)).into_bytes(),
            80..93 => self.one_of(WORDS).into(),
            93..99 => self.one_of(LETTERS).into(),
            _ => {
                let pasted = bad_input::SMALL[self.below(bad_input::SMALL.len())];
                [b"\x1b[200~", pasted, b"\x1b[201~"].concat()
            }
        }
    }

    /// A control key, without those with which the terminal stops or ends a program.
    fn control(&mut self) -> u8 {
        loop {
            let key = u8::try_from(self.below(32)).expect("a control key");
            // Ctrl-D leaves, Ctrl-S and Ctrl-Q hold the output, Ctrl-Z stops, Ctrl-\ ends.
            if !matches!(key, 4 | 17 | 19 | 26 | 28) {
                return key;
            }
        }
    }
}

/// A prompt whose inputs cannot reach anything that is not its own.
fn open() -> Pty {
    let world = Virhai::new().args(["--deny", "run,write,net"]).small_node();
    let pty = Pty::open(world.env("PAGER", "cat").env("EDITOR", "true").env("VISUAL", "true"));
    pty.wait_for("> ");
    pty
}

/// Ends whatever goes on, and asks the prompt something.
#[track_caller]
pub(super) fn answers(pty: &mut Pty, number: usize) {
    let answer = format!("\nhere-{number}\r");
    for _ in 0..30 {
        assert_eq!(pty.ended(), None, "it has ended instead of answering {number}");
        // The end of a paste, of a sequence and of a key that is meant as it is; then Ctrl-C and a line.
        pty.send(b"\x1b[201~\x07x\x03");
        pty.quiet(Duration::from_millis(50));
        pty.send(format!("print(\"here-\" + {number})\r").as_bytes());
        if pty.comes(&answer, Duration::from_secs(2)) {
            return;
        }
    }
    pty.wait_for(&answer);
}

#[test]
fn no_keys_break_the_prompt() {
    let seed = std::env::var("VIRHAI_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0x5eed);
    let mut dice = Dice(seed);
    let mut pty = open();
    let mut typed = 0;
    let wanted = if soak() { 100_000 } else { 1_000 };
    while typed < wanted {
        for _ in 0..ROUND {
            let key = dice.key();
            pty.send(&key);
            // What comes with the end of an input, the editor takes with it: somebody who types is not as fast.
            if key.contains(&b'\r') || matches!(key[..], [b'\n' | 3]) {
                pty.quiet(Duration::from_millis(15));
            }
        }
        typed += ROUND;
        // Some words leave, as they should.
        if let Some(status) = pty.ended() {
            assert_eq!(status, 0, "seed {seed}, {typed} keys");
            pty = open();
        }
        answers(&mut pty, typed);
        pty.forget();
    }
    pty.send(b"1 + 1\r");
    pty.wait_for("\n2\r");
    pty.send(b"\x04");
    assert_eq!(pty.wait_exit(), 0);
}
