//! The command line as it was typed, checked and named; nothing is opened or run here.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser};

use super::completions::Shell;
use super::history::{self, History};
use super::job;
use super::status;
use super::top::{self, Top};
use super::validate::{self, Validation};
use super::virsh::VirshLine;
use crate::error::{Error, Result};
use crate::output::{self, ColorChoice, Format, Palette, did_you_mean};
use crate::{report, units};

/// A scriptable shell for libvirt: a prompt, scripts and scheduled jobs in Rhai.
#[derive(Debug, Parser)]
#[command(
    name = "virhai",
    version,
    disable_help_subcommand = true,
    override_usage = "virhai [OPTIONS] [FILE [ARG]...]\n       virhai [OPTIONS] -e CODE [ARG]...\n       virhai COMMAND [OPTIONS] ...",
    after_help = COMMANDS_HELP,
)]
pub(super) struct Line {
    #[command(flatten)]
    options: Options,

    /// Evaluates CODE and shows the last value; may be repeated
    #[arg(short = 'e', long = "eval", value_name = "CODE")]
    eval: Vec<String>,

    /// A script and its arguments; without one the prompt, or the script on standard input
    #[arg(value_name = "FILE [ARG]", trailing_var_arg = true)]
    rest: Vec<OsString>,
}

const COMMANDS_HELP: &str = "\
Commands:
  run FILE [ARG]...    Run a script, even one that is named like a command
  check FILE...        Parse and lint scripts without connecting; exit status 2 on any finding
  job COMMAND ...      Scheduled maintenance: scripts that the system's scheduler runs
  top [OPTION]...      What the running guests do, refreshed until q is typed
  validate [PART]...   Whether this host is fit to run guests; --compat says it as virt-host-validate does
  virsh [OPTION]...    What virsh does: its commands, options, output and exit status
  completions SHELL    The script that teaches bash, zsh or fish to complete
  history [OPTION]...  What ran and what it changed; show N shows one run
  doc [NAME]           Help on a topic, function, type or module; without NAME the index

Exit status: 0 done, 1 the script failed, 2 wrong usage or a script that does not parse,
3 a connection could not be opened, 4 the deadline passed, 130/143 interrupted/terminated.
exit(n) in a script gives n. validate: 0 pass, 1 failures, 6 warnings only.";

/// The options of every command.
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
#[derive(Clone, Debug, Default, Args)]
pub struct Options {
    /// The connection to open; default: `LIBVIRT_DEFAULT_URI`, then libvirt's own rules
    #[arg(short, long, value_name = "URI")]
    pub connect: Option<String>,

    /// Open every connection read-only: the daemon refuses changes
    #[arg(short, long)]
    pub readonly: bool,

    /// table, json, ndjson, yaml, csv, tsv or text
    #[arg(short, long, value_name = "FORMAT", value_parser = word::<Format>)]
    pub output: Option<Format>,

    /// The columns of table, csv and tsv, in this order
    #[arg(long, value_name = "A,B,C", value_delimiter = ',')]
    pub columns: Option<Vec<String>>,

    /// Leave the headings of table, csv and tsv out
    #[arg(long)]
    pub no_headers: bool,

    /// What the script may not do: run, write, net, change, destroy
    #[arg(long, value_name = "WHAT,...")]
    pub deny: Option<String>,

    /// Answer the prompt's questions before destructive changes with yes
    #[arg(long)]
    pub yes: bool,

    /// The deadline of the whole run, such as 90s or 5m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// auto, always or never
    #[arg(long, value_name = "WHEN", value_parser = word::<ColorChoice>)]
    pub color: Option<ColorChoice>,

    /// Show less: no progress
    #[arg(short, long)]
    pub quiet: bool,

    /// Show each change on stderr as it is made
    #[arg(short, long)]
    pub verbose: bool,
}

fn word<T: std::str::FromStr<Err = Error>>(text: &str) -> std::result::Result<T, String> {
    text.parse().map_err(|error: Error| match &error.facts().hint {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    })
}

pub(super) fn duration(text: &str) -> std::result::Result<Duration, String> {
    let parsed = match text.parse::<f64>() {
        Ok(seconds) => units::seconds(seconds),
        Err(_) => units::parse_duration(text),
    };
    parsed.map_err(|error| error.to_string())
}

/// What to do.
#[derive(Debug)]
pub enum Mode {
    /// The prompt, or the script on standard input where that is no terminal.
    Interactive,
    /// Evaluate these sources, one after the other, and show the last value.
    Eval(Vec<String>),
    /// Run a script.
    Script(PathBuf),
    /// Lint scripts.
    Check(Vec<PathBuf>),
    /// Show help on a name, or the index.
    Doc {
        /// What to explain.
        name: Option<String>,
        /// The whole reference as Markdown.
        markdown: bool,
    },
    /// Write the script that teaches a shell completion.
    Completions(Shell),
    /// Check whether the host is fit to run guests; the parts are the arguments.
    Validate(Validation),
    /// Show what guests do, live.
    Top(Top),
    /// Show what ran and what it changed.
    History(Box<History>),
    /// Scheduled maintenance jobs.
    Job(job::Command),
    /// What virsh does.
    Virsh(Box<VirshLine>),
}

impl Mode {
    /// Whether libvirt will most likely be called in this process.
    pub fn uses_libvirt(&self) -> bool {
        match self {
            Self::Interactive | Self::Eval(_) | Self::Script(_) | Self::Validate(_) | Self::Top(_) => true,
            Self::Virsh(line) => matches!(**line, VirshLine::Run(..)),
            _ => false,
        }
    }
}

/// The command line, understood.
#[derive(Debug)]
pub struct Arguments {
    /// The options.
    pub options: Options,
    /// What to do.
    pub mode: Mode,
    /// The arguments of the script.
    pub args: Vec<String>,
}

/// The program ends before anything is run: help, version or wrong usage.
#[derive(Debug)]
pub enum Early {
    /// clap has the text.
    Clap(Box<clap::Error>),
    /// Ours.
    Usage(Error),
    /// virsh's sentence.
    Virsh(String),
}

impl From<clap::Error> for Early {
    fn from(error: clap::Error) -> Self {
        Self::Clap(Box::new(error))
    }
}

impl From<Error> for Early {
    fn from(error: Error) -> Self {
        Self::Usage(error)
    }
}

impl Early {
    /// Says it and gives the exit status.
    pub fn finish(self) -> ExitCode {
        match self {
            Self::Clap(error) => {
                let _ = error.print();
                let fine = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
                ExitCode::from(if fine { status::DONE } else { status::USAGE })
            }
            Self::Virsh(sentence) => {
                output::err(&format!("error: {sentence}\n"));
                ExitCode::from(status::FAILED)
            }
            Self::Usage(error) => {
                let palette =
                    ColorChoice::Auto.decide(output::stderr_is_terminal(), |name| std::env::var(name).ok());
                report::error(&error, palette);
                ExitCode::from(status::USAGE)
            }
        }
    }
}

/// The command words; a script of such a name is run with `run`.
pub(super) const COMMANDS: &[&str] =
    &["run", "check", "doc", "virsh", "validate", "job", "top", "history", "completions"];

#[derive(Debug, Parser)]
#[command(name = "virhai run", about = "Runs a script.")]
struct Run {
    #[command(flatten)]
    options: Options,
    /// The script
    file: PathBuf,
    /// Its arguments
    #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

#[derive(Debug, Parser)]
#[command(
    name = "virhai check",
    about = "Parses and lints scripts without connecting; exit status 2 on any finding."
)]
struct Check {
    #[command(flatten)]
    options: Options,
    /// The scripts
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

#[derive(Debug, Parser)]
#[command(
    name = "virhai doc",
    about = "Shows help on a topic, function, type or module; without NAME the index."
)]
struct Doc {
    #[command(flatten)]
    options: Options,
    /// What to explain, such as snapshots, Domain.start, Domain, fs or dumpxml
    name: Option<String>,
    /// Write the whole reference as Markdown
    #[arg(long)]
    markdown: bool,
}

#[derive(Debug, Parser)]
#[command(name = "virhai completions", about = "Writes the script that teaches a shell to complete virhai.")]
struct Completions {
    /// bash, zsh or fish
    #[arg(value_parser = word::<Shell>)]
    shell: Shell,
}

impl Arguments {
    /// Understands the arguments of the process, its name left out.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> std::result::Result<Self, Early> {
        let line: Line = read(arguments, &Options::default())?;
        if !line.eval.is_empty() {
            return Ok(Self { options: line.options, mode: Mode::Eval(line.eval), args: texts(line.rest)? });
        }
        let mut rest = line.rest.into_iter();
        let Some(first) = rest.next() else {
            return Ok(Self { options: line.options, mode: Mode::Interactive, args: Vec::new() });
        };
        let options = line.options;
        match first.to_str() {
            Some("run") => {
                let run: Run = read(rest, &options)?;
                let options = options.overridden_by(run.options);
                Ok(Self { options, mode: Mode::Script(existing(run.file)?), args: texts(run.args)? })
            }
            Some("check") => {
                let check: Check = read(rest, &options)?;
                let options = options.overridden_by(check.options);
                Ok(Self { options, mode: Mode::Check(check.files), args: Vec::new() })
            }
            Some("doc") => {
                let doc: Doc = read(rest, &options)?;
                let options = options.overridden_by(doc.options);
                let mode = Mode::Doc { name: doc.name, markdown: doc.markdown };
                Ok(Self { options, mode, args: Vec::new() })
            }
            Some("completions") => {
                let completions: Completions = read(rest, &options)?;
                Ok(Self { options, mode: Mode::Completions(completions.shell), args: Vec::new() })
            }
            Some("validate") => {
                let line: validate::Line = read(rest, &options)?;
                let (options, args) = (options.overridden_by(line.options), line.validation.parts());
                Ok(Self { options, mode: Mode::Validate(line.validation), args })
            }
            Some("top") => {
                let line: top::Line = read(rest, &options)?;
                Ok(Self {
                    options: options.overridden_by(line.options),
                    mode: Mode::Top(line.top),
                    args: Vec::new(),
                })
            }
            Some("history") => {
                let line: history::Line = read(rest, &options)?;
                let (later, history) = line.split();
                let options = options.overridden_by(later);
                Ok(Self { options, mode: Mode::History(Box::new(history)), args: Vec::new() })
            }
            Some("job") => {
                let line: job::Line = read(rest, &options)?;
                let (later, command) = line.split();
                let options = options.overridden_by(later);
                Ok(Self { options, mode: Mode::Job(command), args: Vec::new() })
            }
            Some("virsh") => {
                let line = VirshLine::parse(rest).map_err(Early::Virsh)?;
                Ok(Self { options, mode: Mode::Virsh(Box::new(line)), args: Vec::new() })
            }
            _ => Ok(Self { options, mode: Mode::Script(existing(first.into())?), args: texts(rest)? }),
        }
    }
}

fn read<T: CommandFactory + FromArgMatches>(
    arguments: impl IntoIterator<Item = OsString>,
    _defaults: &Options,
) -> std::result::Result<T, clap::Error> {
    let name = T::command().get_name().to_owned();
    let all = std::iter::once(OsString::from(name)).chain(arguments);
    let matches = T::command().try_get_matches_from(all)?;
    T::from_arg_matches(&matches)
}

impl Options {
    /// Options after the command word win over those before it.
    pub(super) fn overridden_by(self, later: Self) -> Self {
        Self {
            connect: later.connect.or(self.connect),
            readonly: later.readonly || self.readonly,
            output: later.output.or(self.output),
            columns: later.columns.or(self.columns),
            no_headers: later.no_headers || self.no_headers,
            deny: later.deny.or(self.deny),
            yes: later.yes || self.yes,
            timeout: later.timeout.or(self.timeout),
            color: later.color.or(self.color),
            quiet: later.quiet || self.quiet,
            verbose: later.verbose || self.verbose,
        }
    }

    /// The decision about colours for one stream; `configured` is what the configuration says.
    pub fn palette(&self, terminal: bool, configured: ColorChoice) -> Palette {
        self.color.unwrap_or(configured).decide(terminal, |name| std::env::var(name).ok())
    }
}

/// A script's arguments are texts.
fn texts(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<String>> {
    arguments
        .into_iter()
        .map(|argument| {
            argument
                .into_string()
                .map_err(|given| Error::usage(format!("the argument {} is not UTF-8", given.display())))
        })
        .collect()
}

/// Refuses a script that is not there, and guesses a command that was meant.
fn existing(file: PathBuf) -> Result<PathBuf> {
    if file.exists() {
        return Ok(file);
    }
    let name = file.display().to_string();
    let error = Error::usage(format!("there is no file {name:?}"));
    Err(did_you_mean(error, &name, COMMANDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Arguments {
        Arguments::parse(line.iter().map(OsString::from)).unwrap()
    }

    #[test]
    fn everything_after_the_script_belongs_to_the_script() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let parsed = parse(&["-r", path, "-c", "x", "--yes"]);
        assert!(parsed.options.readonly && !parsed.options.yes);
        assert_eq!(parsed.args, ["-c", "x", "--yes"]);
    }

    #[test]
    fn code_takes_the_rest_as_arguments_even_command_words() {
        let parsed = parse(&["-e", "1", "-e", "2", "check", "--x"]);
        assert!(matches!(parsed.mode, Mode::Eval(ref codes) if codes == &["1", "2"]));
        assert_eq!(parsed.args, ["check", "--x"]);
    }

    #[test]
    fn options_stand_before_or_after_the_command_word() {
        let parsed = parse(&["-r", "check", "-o", "json", "a.rhai"]);
        assert!(parsed.options.readonly);
        assert_eq!(parsed.options.output, Some(Format::Json));
    }

    #[test]
    fn a_file_that_is_missing_names_the_command_that_was_meant() {
        let Err(Early::Usage(error)) = Arguments::parse(["chek".into()]) else { panic!("accepted") };
        assert_eq!(error.facts().hint.as_deref(), Some("did you mean `check`?"));
    }
}
