//! `virhai job run`: a job now, the same way as its timer does.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;

use super::super::arguments::{Arguments, Options};
use super::super::batch::{read_script, wish_status};
use super::super::environment::Environment;
use super::super::status;
use super::place::script_of;
use crate::config::{Env, Folders};
use crate::error::{Error, Result, code};
use crate::jobs::run::{JobRun, Voice};
use crate::jobs::script_process::{Sink, Stream};
use crate::jobs::service::{Priority, ServiceManager, with_priority};
use crate::jobs::supervisor::{Ended, How};
use crate::jobs::{Job, Target};
use crate::libvirt::Interrupt;
use crate::libvirt::begun::leftover_work;
use crate::output;
use crate::report;
use crate::units::duration_text;

/// What is run.
#[derive(Debug, Args)]
pub struct Run {
    /// The name of a job, or its script
    #[arg(value_name = "NAME|FILE")]
    job: PathBuf,
    /// Wait first, up to the `jitter` of the block: for schedulers that have none
    #[arg(long)]
    jitter: bool,
    /// Arguments of the script, in the place of those in its block
    #[arg(value_name = "ARG", trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

/// Runs the job and gives the exit status: that of its script.
pub(super) fn run(environment: &Environment, arguments: &Arguments, run: &Run) -> u8 {
    let start = Instant::now();
    let manager = Arc::new(ServiceManager::find(&Env::of_process()));
    let voice = voice(&manager);
    match job_of(environment, run) {
        Ok((job, source)) => {
            let waited = if run.jitter { wait_up_to(job.jitter, environment.interrupt()) } else { Ok(()) };
            let ended =
                waited.and_then(|()| begun(environment, arguments, run, &job, &source, &manager, &voice));
            tell(environment, &job, ended, start.elapsed(), arguments.options.quiet || job.quiet, &voice)
        }
        Err(error) => environment.fail(&error, status::USAGE),
    }
}

/// Waits a part of a time that nobody knows before, so that many machines do not begin at once.
fn wait_up_to(longest: Duration, interrupt: &Interrupt) -> Result<()> {
    // Seeded by the system for each process.
    let chance = RandomState::new().build_hasher().finish() as f64 / u64::MAX as f64;
    interrupt.sleep(longest.mul_f64(chance))
}

fn job_of(environment: &Environment, run: &Run) -> Result<(Job, String)> {
    let script = script_of(environment, &run.job)?;
    let source = read_script(&script)?;
    Job::load(&script).map(|job| (job, source))
}

fn begun(
    environment: &Environment,
    arguments: &Arguments,
    run: &Run,
    job: &Job,
    source: &str,
    manager: &Arc<ServiceManager>,
    voice: &Voice,
) -> Result<Ended> {
    let env = Env::of_process();
    let folders = Folders::find(&env);
    let interrupt = environment.interrupt();
    tell_of_leftovers(&folders, &job.name, voice);
    let mut history = environment.config.history.clone();
    if let Some(recording) = job.record {
        history.record = recording;
    }
    let job_run = JobRun {
        job,
        source,
        options: options(&arguments.options, job)?,
        arguments: if run.args.is_empty() { job.args.clone() } else { run.args.clone() },
        timeout: arguments.options.timeout.or(job.timeout).or(environment.config.jobs.timeout),
        history,
        runtime: folders.runtime()?,
        env: &env,
        interrupt,
        manager,
        voice: voice.clone(),
        out: sink(manager),
    };
    job_run.run()
}

/// Tells of work that killed runs have left at a hypervisor. It is not aborted here: by now it may be somebody else's.
/// What they froze is being thawed since this program began.
fn tell_of_leftovers(folders: &Folders, job: &str, voice: &Voice) {
    for left in folders.state_path().map(leftover_work).unwrap_or_default() {
        let title = left.title();
        let text = format!(
            "{title} may go on: the run that began it was killed; `virhai job recover {job}` aborts it"
        );
        voice(Priority::Warning, &text, &[]);
    }
}

/// The options of the script's run: what the block says, and what the command line says besides.
fn options(given: &Options, job: &Job) -> Result<Vec<OsString>> {
    let mut options: Vec<OsString> = Vec::new();
    match (&given.connect, &job.target) {
        (Some(uri), _) | (None, Target::Uri(uri)) => options.extend(["-c".into(), uri.into()]),
        (None, Target::Default) => {}
        (None, Target::Hosts(hosts)) => {
            let error =
                format!("the job {} works on the hosts {hosts}, and runs on one host only so far", job.name);
            return Err(Error::new(code::UNSUPPORTED, error).hint("name one with `uri`, or with --connect"));
        }
    }
    let mut deny: Vec<String> = job.deny.iter().map(ToString::to_string).collect();
    deny.extend(given.deny.clone());
    if !deny.is_empty() {
        options.extend(["--deny".into(), deny.join(",").into()]);
    }
    let flags = [
        (given.readonly || job.readonly, "--readonly"),
        (given.quiet || job.quiet, "--quiet"),
        (given.verbose, "--verbose"),
        (given.no_headers, "--no-headers"),
    ];
    options.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).into()));
    if let Some(format) = given.output {
        options.extend(["--output".into(), format.to_string().into()]);
    }
    if let Some(columns) = &given.columns {
        options.extend(["--columns".into(), columns.join(",").into()]);
    }
    Ok(options)
}

/// Where the run speaks: the journal with fields, or stderr.
fn voice(manager: &Arc<ServiceManager>) -> Voice {
    let manager = manager.clone();
    Arc::new(move |priority, text, fields| {
        if manager.log(priority, text, fields) {
            return;
        }
        match priority {
            Priority::Error => output::err(&format!("error: {text}\n")),
            Priority::Warning => report::warn(text),
            Priority::Info => output::err(&format!("{text}\n")),
        }
    })
}

/// Where the script's output goes: on, as it comes.
fn sink(manager: &Arc<ServiceManager>) -> Arc<Sink> {
    let has_journal = manager.has_journal();
    Arc::new(move |stream, line| match stream {
        // Nobody who reads is no reason to end a job.
        Stream::Out => drop(output::out_bytes(line)),
        Stream::Err if has_journal => output::err_bytes(&with_priority(line)),
        Stream::Err => output::err_bytes(line),
    })
}

/// Says how the run ended and gives the exit status.
fn tell(
    environment: &Environment,
    job: &Job,
    ended: Result<Ended>,
    took: Duration,
    quiet: bool,
    voice: &Voice,
) -> u8 {
    let ended = match ended {
        Ok(ended) => ended,
        Err(error) => {
            let status = match error.code() {
                code::DEADLINE => status::DEADLINE,
                code::INTERRUPTED => wish_status(environment.interrupt().reason()),
                code::USAGE => status::USAGE,
                _ => status::FAILED,
            };
            return environment.fail(&error, status);
        }
    };
    let took = duration_text(took.as_secs_f64());
    let why = ended.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let tries = if ended.attempts > 1 { format!(" at attempt {}", ended.attempts) } else { String::new() };
    let (priority, text) = match ended.how {
        How::Done => (Priority::Info, format!("done{tries} in {took}")),
        How::Skipped => (Priority::Info, format!("skipped{why}")),
        How::Failed => {
            (Priority::Error, format!("failed{tries} with status {} after {took}{why}", ended.status))
        }
        How::Deadline => (Priority::Error, format!("the deadline passed{tries} after {took}{why}")),
        How::Told => (Priority::Error, format!("told to end{tries} after {took}{why}")),
    };
    if priority == Priority::Error || !quiet {
        let (status, outcome) = (ended.status.to_string(), ended.how.outcome().word());
        let fields =
            [("VIRHAI_JOB", job.name.as_str()), ("VIRHAI_OUTCOME", outcome), ("VIRHAI_STATUS", &status)];
        voice(priority, &format!("job {}: {text}", job.name), &fields);
    }
    ended.status
}
