//! What a run needs besides its script: configuration, rules, colours and the door.

use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use rhai::Engine;

use super::arguments::{Arguments, Mode, Options};
use super::{credentials, signals};
use crate::api::domain::manager_warning;
use crate::api::permissions::{Permission, Permissions};
use crate::config::{Config, Env, Recording};
use crate::error::{Error, Result};
use crate::history::{Ending, NewRun, Outcome};
use crate::jobs::script_process;
use crate::lang::natives::Docs;
use crate::libvirt::{Change, Door, FirstChange, Interrupt, Operation, Reason, Rules};
use crate::output::{self, Palette, View};
use crate::record::Recorder;
use crate::repl::ChangeLog;
use crate::report;
use crate::session::{Session, Settings, bare_engine};

/// See the module.
pub(super) struct Environment {
    /// The configuration.
    pub(super) config: Config,
    /// How values are shown.
    pub(super) view: View,
    /// Colours on stderr.
    pub(super) stderr: Palette,
    permissions: Permissions,
    /// The changes of this run, where the prompt may show them.
    pub(super) log: ChangeLog,
    /// What goes into the history store.
    pub(super) recorder: Recorder,
    /// Comes from the thread that puts it together.
    engine: Receiver<Engine>,
    door: Arc<Door>,
    /// Kept until the process ends.
    left: RefCell<Option<Session>>,
}

impl Environment {
    /// Reads the configuration and listens to signals from here on.
    pub(super) fn new(arguments: &Arguments, engine: Receiver<Engine>) -> Result<Self> {
        let options = &arguments.options;
        let config = Config::load(&Env::of_process())?;
        let permissions: Permissions = options.deny.as_deref().unwrap_or_default().parse()?;
        let interrupt = Interrupt::default();
        signals::listen(interrupt.clone())?;
        if let Some(timeout) = options.timeout {
            interrupt.set_deadline(timeout);
        }
        let rules = Rules {
            readonly: options.readonly,
            deny_change: !permissions.allows(Permission::Change),
            deny_destroy: !permissions.allows(Permission::Destroy),
            libvirt_refuses: matches!(arguments.mode, Mode::Virsh(_)),
        };
        let mut door = Door::new(rules, interrupt);
        if options.quiet || matches!(arguments.mode, Mode::Virsh(_)) {
            output::progress::silence();
        } else {
            door = door.with_watcher(warn_of_manager).with_patience(show_waiting);
        }
        if credentials::can_ask() {
            door = door.with_credentials(Arc::new(credentials::Terminal));
        }
        if let Mode::Virsh(line) = &arguments.mode
            && let Some(keepalive) = line.keepalive()
        {
            door = door.with_keepalive(keepalive);
        }
        let recorder = recorder(arguments, &config);
        door = door.with_record(Arc::new(recorder.clone()));
        let log = ChangeLog::default();
        let (noted, verbose) = (log.clone(), options.verbose);
        let has_prompt = matches!(arguments.mode, Mode::Interactive | Mode::Virsh(_));
        if verbose || has_prompt {
            door = door.with_observer(move |change| {
                if verbose {
                    show_change(change);
                }
                if has_prompt {
                    noted.note(change);
                }
            });
        }
        Ok(Self {
            view: view(options, &config),
            stderr: options.palette(output::stderr_is_terminal(), config.output.color),
            permissions,
            engine,
            log,
            recorder,
            door: Arc::new(door),
            left: RefCell::default(),
            config,
        })
    }

    /// The interpreter with everything that scripts see.
    pub(super) fn engine(&self) -> Engine {
        self.engine.recv().unwrap_or_else(|_| bare_engine(Docs::Kept))
    }

    /// The door that every call to libvirt passes.
    pub(super) fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// The wish that the run should end.
    pub(super) fn interrupt(&self) -> &Interrupt {
        self.door.interrupt()
    }

    /// Whether this run may change anything at all.
    pub(super) fn may_change(&self) -> bool {
        let rules = self.door.rules();
        !rules.readonly && !rules.deny_change
    }

    /// Makes the session of the run; `folder` is that of the script.
    pub(super) fn session(&self, arguments: &Arguments, folder: Option<PathBuf>) -> Session {
        let settings = Settings {
            door: self.door.clone(),
            permissions: self.permissions,
            uri: self.uri(arguments),
            args: arguments.args.clone(),
            folder,
            library: self.config.library.clone(),
            view: self.view.clone(),
            history: self.config.history.store.clone(),
        };
        Session::with_engine(settings, self.engine())
    }

    /// `-c`, then the environment, which libvirt reads itself, then the configuration, then libvirt.
    pub(super) fn uri(&self, arguments: &Arguments) -> Option<String> {
        let from_environment = || std::env::var("LIBVIRT_DEFAULT_URI").is_ok_and(|uri| !uri.is_empty());
        arguments
            .options
            .connect
            .clone()
            .or_else(|| if from_environment() { None } else { self.config.uri.clone() })
    }

    /// Takes a session whose work is done: it is closed, and its memory is the system's to take back, which is faster
    /// than freeing it.
    pub(super) fn leave(&self, mut session: Session) {
        session.close();
        *self.left.borrow_mut() = Some(session);
    }

    /// Ends the record of the run.
    pub(super) fn end_record(&self, status: u8) {
        let outcome = match (self.door.interrupt().reason(), status) {
            (Some(Reason::Deadline), _) => Outcome::Timeout,
            (Some(Reason::Interrupted | Reason::Terminated), _) => Outcome::Interrupted,
            (_, super::status::DONE) => Outcome::Done,
            _ => Outcome::Failed,
        };
        self.recorder.end(Ending { status: Some(status.into()), ..Ending::new(outcome) });
    }

    /// Says why the run cannot begin.
    pub(super) fn fail(&self, error: &Error, status: u8) -> u8 {
        report::error(error, self.stderr);
        status
    }
}

/// The record of the run that the arguments ask for.
fn recorder(arguments: &Arguments, config: &Config) -> Recorder {
    let script = match &arguments.mode {
        Mode::Script(file) => {
            std::path::absolute(file).unwrap_or_else(|_| file.clone()).display().to_string()
        }
        Mode::Eval(_) => "-e".into(),
        Mode::Interactive if output::stdin_is_terminal() && output::stdout_is_terminal() => "prompt".into(),
        Mode::Interactive => "<stdin>".into(),
        Mode::Virsh(_) => "virsh".into(),
        Mode::Validate(_) => "validate".into(),
        Mode::Top(_) => "top".into(),
        _ => String::new(),
    };
    let words = match &arguments.mode {
        Mode::Virsh(line) => line.words(),
        _ => arguments.args.clone(),
    };
    let run = NewRun { script, arguments: words, ..NewRun::default() };
    if let Some(bond) = script_process::bond() {
        let recorder = Recorder::new(&config.history, run, report::warn);
        // The run is the supervisor's: without a record of it there is none of its changes either.
        recorder.set_policy(if bond.run.is_some() { bond.recording } else { Recording::Never });
        bond.run.iter().for_each(|run| recorder.join(*run));
        return recorder;
    }
    match &arguments.mode {
        // virsh would say nothing: its log file has it.
        Mode::Virsh(line) => {
            let log = line.log_file().map(str::to_owned);
            Recorder::new(&config.history, run, move |text| super::virsh::note(log.as_deref(), text))
        }
        _ => Recorder::new(&config.history, run, report::warn),
    }
}

/// What the command line says about values, then the configuration.
fn view(options: &Options, config: &Config) -> View {
    let terminal = output::stdout_is_terminal();
    View {
        format: options.output.or(config.output.format),
        columns: options.columns.clone(),
        headers: !options.no_headers,
        palette: options.palette(terminal, config.output.color),
        terminal,
        width: if terminal { output::width() } else { None },
    }
}

/// Says that a guest that will be changed belongs to something above libvirt.
fn warn_of_manager(change: &FirstChange<'_>) {
    if let Some(warning) = manager_warning(change) {
        report::warn(&warning);
    }
}

/// Says what is waited for, where a person sees it.
fn show_waiting(operation: Operation, object: &str, since: Duration) -> Option<Box<dyn std::any::Any>> {
    if !output::progress::is_seen() {
        return None;
    }
    let of = if object.is_empty() { String::new() } else { format!(" of {object}") };
    Some(Box::new(output::progress::waiting(&format!("{}{of}", operation.name), since)))
}

fn show_change(change: &Change<'_>) {
    let outcome = match change.outcome {
        Ok(()) => "ok".to_owned(),
        Err(error) => format!("failed: {error}"),
    };
    let seconds = change.duration.as_secs_f64();
    output::err(&format!(
        "{} {} ({}): {outcome} ({seconds:.3} s)\n",
        change.operation.name, change.object, change.host
    ));
}
