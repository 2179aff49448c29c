//! Plays written dialogues at a terminal and compares what is on the screen.
//!
//! ```text
//! # the title of a dialogue, which begins at a prompt on an empty screen
//! > keys that are pressed, <Enter>, <Tab> and <C-c> among them
//! >> a text that is pasted, \n for the end of a line
//!   lines that are on the screen then, one below the other and whole;
//!   … stands for anything in a line, and alone for any lines
//! - a text that is nowhere on the screen then
//! = 40 10        the terminal gets as many columns and rows
//! ```
//!
//! In what is compared the connection reads `node`, and the path of the private folder `[TMP]`.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::support::{Node, Terminal, Virhai, project};

/// A terminal at which dialogues are played one after the other.
pub(super) struct Player {
    pub(super) terminal: Terminal,
    prompt: String,
    /// What reads otherwise when it is compared.
    hidden: Vec<(String, &'static str)>,
    /// Where the cursor was when a key was pressed that ends an input.
    ended: Cell<Option<u32>>,
}

impl Player {
    /// Opens the prompt in a world, which ends with `prompt`.
    #[track_caller]
    pub(super) fn open(world: Virhai, prompt: &str) -> Self {
        let folder = world.scratch().display().to_string();
        let terminal = Terminal::open(world, 100, 30);
        let hidden = vec![(format!("test://{folder}/node.xml"), "node"), (folder, "[TMP]")];
        let player = Self { terminal, prompt: prompt.trim_end().to_owned(), hidden, ended: Cell::new(None) };
        player.wait("the first prompt", |screen| screen.ends_with(&player.prompt));
        player
    }

    /// Opens the prompt on a node; see [`Node::small`].
    #[track_caller]
    pub(super) fn on_small_node(world: Virhai) -> Self {
        Self::open(world.node(&Node::small()), "node>")
    }

    /// Plays the dialogues of `tests/dialogues/NAME.txt`.
    #[track_caller]
    pub(super) fn play_file(&self, name: &str) {
        let path = project(&format!("tests/dialogues/{name}.txt"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        self.play(&text);
    }

    /// Plays dialogues, all of them, and panics with those that went otherwise.
    #[track_caller]
    pub(super) fn play(&self, text: &str) {
        let dialogues = text.split("\n# ").map(|dialogue| dialogue.strip_prefix("# ").unwrap_or(dialogue));
        let failures: Vec<String> = dialogues.filter_map(|dialogue| self.dialogue(dialogue).err()).collect();
        assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    }

    /// Plays one; returns what was on the screen where that was not what is written.
    fn dialogue(&self, text: &str) -> Result<(), String> {
        let mut lines = text.lines().peekable();
        let title = lines.next().unwrap_or_default();
        self.begin()?;
        while let Some(line) = lines.next() {
            let (kind, rest) = line.split_at(line.find(' ').map_or(line.len(), |space| space + 1));
            match kind.trim_end() {
                ">" => self.press(rest),
                ">>" => {
                    self.settle("");
                    self.terminal.paste(&rest.replace("\\n", "\n").replace("\\t", "\t"));
                }
                "-" => {
                    let screen = self.screen();
                    if screen.contains(rest) {
                        return Err(format!("{title}: there is {rest:?} on the screen\n{screen}"));
                    }
                }
                "=" => self.resize(rest),
                "" if rest.trim().is_empty() => {}
                "" => {
                    let mut block = vec![&line[2..]];
                    while let Some(next) = lines.next_if(|next| next.starts_with("  ")) {
                        block.push(&next[2..]);
                    }
                    let shown = self.terminal.try_until(|screen| shows(&self.hide(screen), &block));
                    let wrong = |screen: String| {
                        format!(
                            "{title}: there is no\n{}\non the screen\n{}",
                            block.join("\n"),
                            self.hide(&screen)
                        )
                    };
                    shown.map_err(wrong)?;
                }
                other => panic!("{title}: a line begins with {other:?}"),
            }
        }
        Ok(())
    }

    /// Forgets what is typed and clears the screen.
    fn begin(&self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            self.press("<C-c><C-l>");
            let patience = Instant::now() + Duration::from_secs(2);
            while Instant::now() < patience {
                if self.screen() == self.prompt {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            if start.elapsed() > Duration::from_secs(20) {
                return Err(format!("there is no prompt on the screen\n{}", self.screen()));
            }
        }
    }

    /// Presses keys, at the pace of somebody who looks at the screen before the next input.
    pub(super) fn press(&self, keys: &str) {
        let mut rest = keys;
        while !rest.is_empty() {
            let ends = ["<Enter>", "<C-c>"].map(|key| rest.find(key).map(|at| at + key.len()));
            let end = ends.into_iter().flatten().min();
            let (now, later) = rest.split_at(end.unwrap_or(rest.len()));
            self.settle(now);
            self.ended.set(end.map(|_| self.terminal.place().0));
            self.terminal.press(now);
            rest = later;
        }
    }

    /// Waits after the end of an input until somebody takes the next keys; Ctrl-C is heard by what runs, too.
    fn settle(&self, keys: &str) {
        let Some(before) = self.ended.take() else { return };
        let is_heard = |(row, editing): (u32, bool)| row > before && (editing || keys == "<C-c>");
        let end = Instant::now() + Duration::from_secs(5);
        while !is_heard(self.terminal.place()) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    #[track_caller]
    fn resize(&self, size: &str) {
        let mut numbers = size.split_whitespace().map(|number| number.parse().expect("a number"));
        let mut number = || numbers.next().expect("columns and rows");
        self.terminal.resize(number(), number());
    }

    /// Waits until `done` likes the screen. Panics with the screen.
    #[track_caller]
    pub(super) fn wait(&self, what: &str, done: impl Fn(&str) -> bool) -> Duration {
        self.terminal.wait_until(what, |screen| done(&self.hide(screen)))
    }

    /// Returns the screen as dialogues see it.
    pub(super) fn screen(&self) -> String {
        self.hide(&self.terminal.screen())
    }

    fn hide(&self, screen: &str) -> String {
        let hide = |text: String, (from, to): &(String, &str)| text.replace(from, to);
        self.hidden.iter().fold(screen.to_owned(), hide)
    }
}

/// True where the lines stand on the screen one below the other; a `…` alone stands for any number of them.
fn shows(screen: &str, block: &[&str]) -> bool {
    let lines: Vec<&str> = screen.lines().collect();
    (0..lines.len()).any(|from| begins_with(&lines[from..], block))
}

fn begins_with(lines: &[&str], block: &[&str]) -> bool {
    match (block, lines) {
        ([], _) => true,
        (["…", rest @ ..], _) => (0..=lines.len()).any(|skipped| begins_with(&lines[skipped..], rest)),
        ([form, forms @ ..], [line, lines @ ..]) => fits(line, form) && begins_with(lines, forms),
        (_, []) => false,
    }
}

/// True where a line is of a form in which `…` stands for anything.
fn fits(line: &str, form: &str) -> bool {
    let mut parts = form.trim_end().split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn a_block_stands_on_the_screen_as_a_whole() {
    let screen = "> 1\n1\n> 2\n2\n>";
    for block in [&["1", "> 2"][..], &[">"], &["> 1", "…", ">"], &["1", "…", "> 2"], &["…"]] {
        assert!(shows(screen, block), "{block:?}");
    }
    for block in [&["1", "2"][..], &["> 2", "…", "1"], &[">", ""], &["…", "3"]] {
        assert!(!shows(screen, block), "{block:?}");
    }
}

#[test]
fn a_form_of_a_line_leaves_open_what_it_does_not_say() {
    for form in ["web1  running", "web1…", "…running", "w…1…run…", "…"] {
        assert!(fits("web1  running", form), "{form}");
    }
    for form in ["web1", "…web1", "web2…", "", "w…2…"] {
        assert!(!fits("web1  running", form), "{form}");
    }
}
