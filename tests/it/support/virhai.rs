//! Runs virhai as a user would, in a world of its own, and compares what comes out.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::golden::difference;
use super::node::Node;
use super::process::{Output, Running};

/// A run of virhai that is being prepared.
///
/// Its home, its configuration and its working folder are empty and private, the environment is the
/// same everywhere, and it has 60 seconds. Unless told otherwise it must end with status 0 and write
/// nothing, neither to standard output nor to standard error. The path of its private folder reads
/// `[TMP]` in texts that are compared.
pub(crate) struct Virhai {
    program: PathBuf,
    options: Vec<OsString>,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<String>,
    status: i32,
    stdout: Expected,
    stderr: Expected,
    limit: Duration,
    scratch: TempDir,
}

/// What one of the output streams must hold.
enum Expected {
    Exactly(String),
    Containing(Vec<String>),
    Anything,
}

impl Virhai {
    pub(crate) fn new() -> Self {
        Self::of(env!("CARGO_BIN_EXE_virhai"))
    }

    /// The same for another program.
    pub(crate) fn of(program: impl Into<PathBuf>) -> Self {
        let scratch = tempfile::Builder::new().prefix("virhai-").tempdir().unwrap();
        for folder in ["work", "home", "run"] {
            std::fs::create_dir(scratch.path().join(folder)).unwrap();
        }
        Self {
            program: program.into(),
            options: Vec::new(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: None,
            status: 0,
            stdout: Expected::Exactly(String::new()),
            stderr: Expected::Exactly(String::new()),
            limit: Duration::from_secs(60),
            scratch,
        }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds `-c URI` before the other arguments.
    pub(crate) fn connect(mut self, uri: &str) -> Self {
        self.options.extend(["-c".into(), uri.into()]);
        self
    }

    /// Connects to libvirt's test driver with a node file of its own.
    pub(crate) fn node(self, node: &Node) -> Self {
        let uri = node.write(&self.scratch.path().join("node.xml"));
        self.connect(&uri)
    }

    /// Connects to the small node; see [`Node::small`].
    pub(crate) fn small_node(self) -> Self {
        self.node(&Node::small())
    }

    /// Writes a file below the working folder.
    pub(crate) fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        write(&self.work().join(name), content.as_ref());
        self
    }

    /// Writes a file below the home folder (`.config/virhai/config.toml`, …).
    pub(crate) fn home_file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        write(&self.home().join(name), content.as_ref());
        self
    }

    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Text for the standard input; without it, that is empty.
    pub(crate) fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    pub(crate) fn status(mut self, status: i32) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn stdout(mut self, text: impl Into<String>) -> Self {
        self.stdout = Expected::Exactly(text.into());
        self
    }

    pub(crate) fn stderr(mut self, text: impl Into<String>) -> Self {
        self.stderr = Expected::Exactly(text.into());
        self
    }

    /// Standard output must contain this; may be repeated.
    pub(crate) fn stdout_contains(mut self, text: impl Into<String>) -> Self {
        self.stdout.also(text.into());
        self
    }

    /// Standard error must contain this; may be repeated.
    pub(crate) fn stderr_contains(mut self, text: impl Into<String>) -> Self {
        self.stderr.also(text.into());
        self
    }

    /// Standard output is not looked at here.
    pub(crate) fn any_stdout(mut self) -> Self {
        self.stdout = Expected::Anything;
        self
    }

    /// Standard error is not looked at here.
    pub(crate) fn any_stderr(mut self) -> Self {
        self.stderr = Expected::Anything;
        self
    }

    /// The time it may take before it is killed and the test fails.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Returns the private folder that reads `[TMP]`.
    pub(crate) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Returns the working folder.
    pub(crate) fn work(&self) -> PathBuf {
        self.scratch.path().join("work")
    }

    /// Returns the home folder.
    pub(crate) fn home(&self) -> PathBuf {
        self.scratch.path().join("home")
    }

    /// Returns the command line, with the whole environment it will see.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.options).args(&self.args).current_dir(self.work()).env_clear();
        let home = self.home();
        let kept = ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE"];
        command.envs(kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.env("HOME", &home).env("XDG_RUNTIME_DIR", self.scratch.path().join("run"));
        command.env("XDG_CONFIG_HOME", home.join(".config")).env("XDG_CACHE_HOME", home.join(".cache"));
        command.env("XDG_STATE_HOME", home.join(".local/state"));
        // Also for root, whose state is that of the machine.
        command.env("STATE_DIRECTORY", self.scratch.path().join("state"));
        command.env("XDG_DATA_HOME", home.join(".local/share"));
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env("TERM", "xterm-256color");
        command.env("COLUMNS", "100").envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end and compares.
    #[track_caller]
    pub(crate) fn run(self) -> Output {
        self.start().finish()
    }

    /// Starts it; what was expected is compared at [`Started::finish`]. The standard input stays
    /// open unless a text was given for it.
    pub(crate) fn start(mut self) -> Started {
        let mut running = Running::start(self.command(), self.limit);
        if let Some(text) = self.stdin.take() {
            running.feed(text);
        }
        Started { running, prepared: self }
    }

    /// Runs it to its end without comparing; paths read `[TMP]` in what it wrote.
    #[track_caller]
    pub(crate) fn output(self) -> Output {
        let started = self.start();
        let mut output = started.running.finish();
        started.prepared.hide_paths(&mut output);
        output
    }

    fn hide_paths(&self, output: &mut Output) {
        let path = self.scratch.path().to_str().expect("a path we chose");
        for stream in [&mut output.stdout, &mut output.stderr] {
            if let Ok(text) = std::str::from_utf8(stream) {
                *stream = text.replace(path, "[TMP]").into_bytes();
            }
        }
    }

    #[track_caller]
    fn compare(&self, output: &Output) {
        let mut wrong = Vec::new();
        if output.status != self.status {
            let signal = output.signal.map_or_else(String::new, |n| format!(" (ended by signal {n})"));
            wrong.push(format!("status is {}{signal}, expected {}", output.status, self.status));
        }
        wrong.extend(self.stdout.fault("standard output", &output.stdout()));
        wrong.extend(self.stderr.fault("standard error", &output.stderr()));
        assert!(
            wrong.is_empty(),
            "{} {:?}\n{}\n--- stdout\n{}--- stderr\n{}---",
            self.program.display(),
            [self.options.as_slice(), self.args.as_slice()].concat(),
            wrong.join("\n"),
            output.stdout(),
            output.stderr()
        );
    }
}

/// A virhai that runs.
pub(crate) struct Started {
    pub(crate) running: Running,
    prepared: Virhai,
}

impl Started {
    /// Closes the standard input, waits for the end and compares.
    #[track_caller]
    pub(crate) fn finish(self) -> Output {
        let mut output = self.running.finish();
        self.prepared.hide_paths(&mut output);
        self.prepared.compare(&output);
        output
    }
}

impl Expected {
    fn also(&mut self, text: String) {
        match self {
            Self::Containing(texts) => texts.push(text),
            _ => *self = Self::Containing(vec![text]),
        }
    }

    fn fault(&self, stream: &str, actual: &str) -> Option<String> {
        match self {
            Self::Exactly(expected) if expected != actual => {
                Some(format!("{stream} differs\n{}", difference(expected, actual)))
            }
            Self::Containing(texts) => {
                let missing = texts.iter().find(|text| !actual.contains(text.as_str()))?;
                Some(format!("{stream} does not contain {missing:?}"))
            }
            _ => None,
        }
    }
}

fn write(path: &Path, content: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a file in a folder")).unwrap();
    std::fs::write(path, content).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}
