//! `virhai job`: scheduled maintenance; each command has a file of its own.

mod check;
mod export;
mod install;
mod list;
mod logs;
mod place;
mod recover;
mod run;

use clap::{Parser, Subcommand};

use super::arguments::{Arguments, Options};
use super::environment::Environment;

/// What follows the command word.
#[derive(Debug, Parser)]
#[command(
    name = "virhai job",
    about = "Scheduled maintenance: scripts with a block [job] that the system's scheduler runs.",
    disable_help_subcommand = true,
    arg_required_else_help = true
)]
pub(super) struct Line {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

impl Line {
    /// The options, wherever they stood, and the command.
    pub(super) fn split(self) -> (Options, Command) {
        let Self { options, mut command } = self;
        let later = match &mut command {
            Command::List { options } | Command::Show { options, .. } | Command::Logs { options, .. } => {
                std::mem::take(&mut **options)
            }
            _ => Options::default(),
        };
        (options.overridden_by(later), command)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check block, schedule and script of jobs; installs nothing, exit status 2 on any finding
    Check(check::Check),
    /// Check a job and install its service and timer
    Add(install::Add),
    /// Let the timer of a job run again
    Enable(install::Named),
    /// Stop the timer of a job; it stays installed
    Disable(install::Named),
    /// Take the service and the timer of a job away; its record stays
    Remove(install::Named),
    /// Run a job now, the same way as its timer does; the exit status is the script's
    Run(run::Run),
    /// The jobs with their next and last runs, and how those went
    List {
        #[command(flatten)]
        options: Box<Options>,
    },
    /// What a job is, and how it is
    Show {
        #[command(flatten)]
        show: list::Show,
        #[command(flatten)]
        options: Box<Options>,
    },
    /// What the last runs of a job wrote
    Logs {
        #[command(flatten)]
        logs: logs::Logs,
        #[command(flatten)]
        options: Box<Options>,
    },
    /// Put away what a killed run has left: frozen guests, work at the hypervisor, its lock
    Recover(recover::Recover),
    /// Write what systemd, cron, Kubernetes or Nomad needs to run a job; installs nothing
    Export(export::Export),
}

impl Command {
    /// Whether it checks a script, for which the interpreter must know its functions' documentation.
    pub(super) fn checks(&self) -> bool {
        matches!(self, Self::Check(_) | Self::Add(_) | Self::Export(_))
    }
}

/// Runs a command and gives the exit status.
pub(super) fn run(environment: &Environment, arguments: &Arguments, command: &Command) -> u8 {
    match command {
        Command::Check(check) => check::run(environment, check),
        Command::Add(add) => install::add(environment, add),
        Command::Enable(named) => install::switch(environment, named, true),
        Command::Disable(named) => install::switch(environment, named, false),
        Command::Remove(named) => install::remove(environment, named),
        Command::Run(run) => run::run(environment, arguments, run),
        Command::List { .. } => list::list(environment),
        Command::Show { show, .. } => list::show(environment, show),
        Command::Logs { logs, .. } => logs::run(environment, logs),
        Command::Recover(recover) => recover::run(environment, recover),
        Command::Export(export) => export::run(environment, export),
    }
}
