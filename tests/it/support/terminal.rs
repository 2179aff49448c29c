//! A terminal with a program in it: keys go in, the screen comes out.
//!
//! The terminal is tmux, on a server of its own, so that a test sees what a person would see: after
//! every cursor movement and redraw.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use nix::sys::termios::{LocalFlags, tcgetattr};
use regex::Regex;
use tempfile::TempDir;

use super::process::{Output, run};
use super::virhai::Virhai;
use super::wait::eventually;

/// The time a text may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

/// The prompt of a connection: its URI without parameters.
pub(crate) fn prompt_of(uri: &str) -> String {
    format!("{}> ", uri.split('?').next().unwrap())
}

/// A terminal of a given size; it and its program are gone when it is dropped.
pub(crate) struct Terminal {
    sockets: TempDir,
    /// The world of the program in it.
    world: Virhai,
}

impl Terminal {
    /// Opens a terminal with virhai in it.
    pub(crate) fn open(virhai: Virhai, columns: u16, rows: u16) -> Self {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let sockets = tempfile::Builder::new().prefix("vt").tempdir().unwrap();
        let terminal = Self { sockets, world: virhai };
        // The options come before the session: a program that ends at once must stay on the screen.
        let mut start = terminal.tmux(&["-f", "/dev/null", "start-server", ";"]);
        start.args(["set", "-g", "remain-on-exit", "on", ";", "set", "-g", "status", "off", ";"]);
        start.args(["set", "-s", "escape-time", "0", ";"]);
        start.args(["new-session", "-d", "-x", &columns, "-y", &rows, "-c"]).arg(terminal.world.work());
        start.arg(literal(&terminal.script()));
        expect_success(start);
        terminal
    }

    /// Returns the shell's line that runs the program and notes its process id and its exit status:
    /// tmux itself, when the machine is busy, may never learn of the latter.
    fn script(&self) -> String {
        let command = self.world.command();
        let mut line = vec!["exec env -i".to_owned()];
        // The terminal's own size counts here.
        for (name, value) in command.get_envs().filter(|(name, _)| *name != "COLUMNS") {
            let value = value.expect("the environment was empty").to_string_lossy();
            line.push(format!("{}={}", name.to_string_lossy(), quote(&value)));
        }
        line.push(quote(&command.get_program().to_string_lossy()));
        line.extend(command.get_args().map(|arg| quote(&arg.to_string_lossy())));
        let program = quote(&format!("echo $$ >\"$0\"; {}", line.join(" ")));
        let (pid, status) = (self.note("pid"), self.note("status"));
        let (pid, status) = (pid.display(), status.display());
        format!("trap : INT QUIT; sh -c {program} {pid}; echo $? >{status}")
    }

    fn note(&self, name: &str) -> PathBuf {
        self.sockets.path().join(name)
    }

    /// Waits for the number in a note.
    #[track_caller]
    fn noted<T: FromStr>(&self, name: &str) -> T {
        eventually(PATIENCE, &format!("the {name} of the program in the terminal"), || {
            let text = std::fs::read_to_string(self.note(name)).ok()?;
            text.strip_suffix('\n')?.parse().ok()
        })
    }

    /// Types a text as it is.
    pub(crate) fn text(&self, text: &str) {
        self.ask(&["send-keys", "-l", "--", &literal(text)]);
    }

    /// Presses keys, in tmux's words: `Enter`, `Tab`, `C-c`, `Up`, `Escape`, `M-f`, …
    pub(crate) fn keys(&self, keys: &[&str]) {
        self.ask(&[&["send-keys", "--"], keys].concat());
    }

    /// Types a text with keys in it: `domain("w<Tab>`, `<C-r>vcpus<Enter>`; a key has one of tmux's words.
    pub(crate) fn press(&self, keys: &str) {
        let mut tmux = self.tmux(&[]);
        for (number, part) in parts(keys).into_iter().enumerate() {
            if number > 0 {
                tmux.arg(";");
            }
            match part {
                Part::Key(name) => tmux.args(["send-keys", "--", name]),
                Part::Text(text) => tmux.args(["send-keys", "-l", "--", &literal(text)]),
            };
        }
        expect_success(tmux);
    }

    /// Types a text and presses Enter.
    pub(crate) fn line(&self, text: &str) {
        self.text(text);
        self.keys(&["Enter"]);
    }

    /// Pastes a text, marked as pasted where the program has asked for that.
    pub(crate) fn paste(&self, text: &str) {
        self.ask(&["set-buffer", "--", &literal(text)]);
        self.ask(&["paste-buffer", "-p", "-r"]);
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.ask(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    /// Returns the lines on the screen, without blanks at the end of lines and empty lines at the end.
    pub(crate) fn screen(&self) -> String {
        trimmed(&self.ask(&["capture-pane", "-p"]))
    }

    /// Returns the same with what has scrolled out at the top.
    pub(crate) fn whole_screen(&self) -> String {
        trimmed(&self.ask(&["capture-pane", "-p", "-S", "-"]))
    }

    /// Returns the same as [`Terminal::screen`] with the escape sequences for colours.
    pub(crate) fn coloured_screen(&self) -> String {
        trimmed(&self.ask(&["capture-pane", "-p", "-e"]))
    }

    /// Returns the cursor's column and row, from 0.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        let answer = self.ask(&["display-message", "-p", "#{cursor_x} #{cursor_y}"]);
        let (x, y) = answer.trim().split_once(' ').expect("two numbers");
        (x.parse().expect("a number"), y.parse().expect("a number"))
    }

    /// Returns how many lines the cursor is below where it began, and whether a program takes every key as it comes.
    pub(crate) fn place(&self) -> (u32, bool) {
        let answer = self.ask(&["display-message", "-p", "#{history_size} #{cursor_y} #{pane_tty}"]);
        let words: Vec<&str> = answer.split_whitespace().collect();
        let [history, row, tty] = words[..] else { panic!("tmux answers {answer:?}") };
        let number = |text: &str| text.parse::<u32>().expect("a number");
        let mode = File::open(tty).ok().and_then(|tty| tcgetattr(tty).ok());
        let raw = mode.is_some_and(|mode| !mode.local_flags.contains(LocalFlags::ICANON));
        (number(history) + number(row), raw)
    }

    /// Returns the process id of the program.
    #[track_caller]
    pub(crate) fn pid(&self) -> u32 {
        self.noted("pid")
    }

    /// Waits until the screen contains `text`; returns how long that took.
    #[track_caller]
    pub(crate) fn wait_for(&self, text: &str) -> Duration {
        self.wait_until(&format!("{text:?}"), |screen| screen.contains(text))
    }

    /// Waits until the last line of the screen is `line`: for a prompt that comes back.
    #[track_caller]
    pub(crate) fn wait_for_last_line(&self, line: &str) -> Duration {
        self.wait_until(&format!("the last line {line:?}"), |screen| {
            screen.lines().last().is_some_and(|last| last.trim_end() == line.trim_end())
        })
    }

    /// Waits until `done` likes the screen; returns how long that took. Panics with the screen.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, done: impl Fn(&str) -> bool) -> Duration {
        match self.try_until(done) {
            Ok(took) => took,
            Err(screen) => panic!("waited {PATIENCE:?} in vain for {what}; the screen is\n{screen}"),
        }
    }

    /// Waits until `done` likes the screen; returns how long that took, or the screen that it did not like.
    pub(crate) fn try_until(&self, done: impl Fn(&str) -> bool) -> Result<Duration, String> {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if done(&screen) {
                return Ok(start.elapsed());
            }
            if start.elapsed() > PATIENCE {
                return Err(screen);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the program has ended; returns its exit status as a shell shows it.
    #[track_caller]
    pub(crate) fn wait_exit(&self) -> i32 {
        self.noted("status")
    }

    #[track_caller]
    fn ask(&self, args: &[&str]) -> String {
        expect_success(self.tmux(args)).stdout()
    }

    fn tmux(&self, args: &[&str]) -> Command {
        let mut tmux = Command::new("tmux");
        tmux.env_remove("TMUX").env("LC_ALL", "C.UTF-8").env("SHELL", "/bin/sh");
        tmux.arg("-u").arg("-S").arg(self.sockets.path().join("s")).args(args);
        tmux
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux(&["kill-server"]).output();
    }
}

#[track_caller]
fn expect_success(tmux: Command) -> Output {
    let output = run(tmux, PATIENCE);
    assert_eq!(output.status, 0, "tmux: {}", output.stderr());
    output
}

/// A piece of what is typed.
enum Part<'a> {
    Key(&'a str),
    Text(&'a str),
}

/// Takes the keys out of a text in which they have names between angle brackets.
fn parts(text: &str) -> Vec<Part<'_>> {
    const NAMES: &str = "<(Enter|Tab|BTab|Escape|Space|BSpace|DC|Home|End|Up|Down|Left|Right|[CM]-[^>]+)>";
    static KEY: LazyLock<Regex> = LazyLock::new(|| Regex::new(NAMES).unwrap());
    let mut parts = Vec::new();
    let mut from = 0;
    for found in KEY.find_iter(text) {
        parts.push(Part::Text(&text[from..found.start()]));
        parts.push(Part::Key(&text[found.start() + 1..found.end() - 1]));
        from = found.end();
    }
    parts.push(Part::Text(&text[from..]));
    parts.retain(|part| !matches!(part, Part::Text("")));
    parts
}

/// Keeps tmux from reading a semicolon at the end as the end of its command.
fn literal(text: &str) -> String {
    text.strip_suffix(';').map_or_else(|| text.to_owned(), |rest| format!(r"{rest}\;"))
}

/// Makes one word of it for the shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn trimmed(screen: &str) -> String {
    let lines: Vec<_> = screen.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}
