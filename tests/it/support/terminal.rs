//! A terminal with a program in it: keys go in, the screen comes out.
//!
//! The terminal is tmux, on a server of its own, so that a test sees what a person would see: after
//! every cursor movement and redraw.

use std::path::PathBuf;
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::process::{Output, run};
use super::virhai::Virhai;
use super::wait::eventually;

/// The time a text may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);

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
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if done(&screen) {
                return start.elapsed();
            }
            assert!(
                start.elapsed() < PATIENCE,
                "waited {PATIENCE:?} in vain for {what}; the screen is\n{screen}"
            );
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
