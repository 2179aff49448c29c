//! One run of a job, from the lock to the record: by hand and from the timer it is the same.

use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::kept_output::KeptOutput;
use super::lock::{self, RunLock};
use super::overlap::{Taking, Turn, named};
use super::script_process::{Sink, Stream};
use super::secrets::Secrets;
use super::service::{Priority, ServiceManager};
use super::supervisor::{Attempts, Ended, How, Plan, Supervisor, not_started};
use super::{Job, Target};
use crate::config::{self, Env};
use crate::error::{Error, Result};
use crate::history::{Ending, NewRun, OUTPUT_LIMIT, Outcome, digest};
use crate::libvirt::Interrupt;
use crate::record::Recorder;

/// Hears what a run says of itself, with the fields that the journal can be searched for.
pub type Voice = Arc<dyn Fn(Priority, &str, &[(&str, &str)]) + Send + Sync>;

/// How often the record is told what the script has written so far; much of it less often.
const OUTPUT_PERIOD: Duration = Duration::from_secs(1);
/// So much of it is written once in [`OUTPUT_PERIOD`].
const OUTPUT_STEP: usize = 32 << 10;
/// Room for the line that says how much was left out.
const MARGIN: usize = 4 << 10;
/// How much of the script's last error the record shows in one line.
const LONGEST_ERROR: usize = 500;

/// What a run needs; see the module.
pub struct JobRun<'a> {
    /// The job.
    pub job: &'a Job,
    /// The text of its script.
    pub source: &'a str,
    /// The options of the script's run.
    pub options: Vec<OsString>,
    /// The arguments of the script.
    pub arguments: Vec<String>,
    /// The time for all attempts.
    pub timeout: Option<Duration>,
    /// The record's place, and what happens where it cannot be written.
    pub history: config::History,
    /// The folder of the locks.
    pub runtime: &'a Path,
    /// Where secrets come from.
    pub env: &'a Env,
    /// The wish that the run should end.
    pub interrupt: &'a Interrupt,
    /// Who is told how it goes.
    pub manager: &'a ServiceManager,
    /// Hears what the run says of itself.
    pub voice: Voice,
    /// Where the script's output goes besides the record.
    pub out: Arc<Sink>,
}

impl JobRun<'_> {
    /// Runs the job as its block says.
    ///
    /// Errors: `usage` where a variable is missing that it needs, `io` where the record is required and cannot be written,
    /// or the script cannot be started; `deadline` and `timeout` where another run of it does not end; `interrupted`.
    pub fn run(&self) -> Result<Ended> {
        self.check_environment()?;
        self.manager.tell("READY=1");
        let kept = Arc::new(Mutex::new(Kept::default()));
        let voice = self.voice.clone();
        let warn = move |warning: &str| voice(Priority::Warning, warning, &[]);
        let recorder = Recorder::new(&self.history, self.new_run(1), warn);
        let log = Log { run: self, recorder, kept: kept.clone() };
        let taking = Taking {
            path: &lock::path(self.runtime, &self.job.name),
            overlap: self.job.overlap,
            grace: self.job.grace,
            patience: self.timeout,
        };
        let tell = |text: &str| self.say(Priority::Info, text);
        let lock = match taking.take(self.interrupt, &mut self.manager.heartbeat(), &tell) {
            Ok(Turn::Ours(lock)) => lock,
            Ok(Turn::Skipped(holder)) => {
                let why = format!("{} goes on", named(holder.as_ref()));
                let ended = Ended { status: 0, how: How::Skipped, attempts: 0, why: Some(why) };
                log.note(&ended)?;
                return Ok(ended);
            }
            Err(error) => {
                log.note(&not_started(&error))?;
                return Err(error);
            }
        };
        self.supervise(&lock, &log, kept, &tell)
    }

    fn supervise(
        &self,
        lock: &RunLock,
        log: &Log<'_>,
        kept: Arc<Mutex<Kept>>,
        tell: &dyn Fn(&str),
    ) -> Result<Ended> {
        let mut script = vec![self.job.script.clone().into_os_string()];
        script.extend(self.arguments.iter().map(OsString::from));
        let plan = Plan {
            options: self.options.clone(),
            script,
            timeout: self.timeout,
            grace: self.job.grace,
            retries: self.job.retry.count,
            pause: self.job.retry.after,
            recording: self.history.record,
        };
        let secrets = Secrets::find(self.env, &self.job.environment);
        let out = self.out.clone();
        let sink = move |stream: Stream, line: &[u8]| {
            let line = secrets.hidden(line);
            lines(&kept).add(stream, &line);
            out(stream, &line);
        };
        let supervisor = Supervisor {
            plan: &plan,
            interrupt: self.interrupt,
            manager: self.manager,
            lock,
            sink: Arc::new(sink),
            log,
            tell,
        };
        supervisor.run()
    }

    fn check_environment(&self) -> Result<()> {
        let missing = self.job.environment.iter().find(|name| self.env.get(name).is_none());
        missing.map_or(Ok(()), |name| {
            Err(Error::usage(format!("the job {} needs the variable {name}, which is not set", self.job.name))
                .hint("set it where the job is started; for a unit of systemd with EnvironmentFile= in a drop-in file"))
        })
    }

    fn new_run(&self, attempt: u32) -> NewRun {
        let hosts = match &self.job.target {
            Target::Uri(uri) => vec![uri.clone()],
            Target::Default | Target::Hosts(_) => Vec::new(),
        };
        NewRun {
            job: Some(self.job.name.clone()),
            attempt: attempt.into(),
            script: self.job.script.display().to_string(),
            digest: Some(digest(self.source)),
            arguments: self.arguments.clone(),
            hosts,
        }
    }

    fn say(&self, priority: Priority, text: &str) {
        (self.voice)(priority, &format!("job {}: {text}", self.job.name), &[("VIRHAI_JOB", &self.job.name)]);
    }
}

/// What an attempt wrote.
struct Kept {
    output: KeptOutput,
    /// The last line of the script's errors that says what failed.
    error: Option<String>,
    /// When something came that the record does not have.
    since: Option<Instant>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { output: KeptOutput::new(OUTPUT_LIMIT - MARGIN), error: None, since: None }
    }
}

impl Kept {
    fn add(&mut self, stream: Stream, line: &[u8]) {
        self.output.add(line);
        self.since.get_or_insert_with(Instant::now);
        if stream == Stream::Err
            && let Some(error) = line.strip_prefix(b"error: ")
        {
            let error = String::from_utf8_lossy(error);
            self.error = Some(error.trim_end().chars().take(LONGEST_ERROR).collect());
        }
    }

    /// What the record should have by now.
    fn for_record(&mut self) -> Option<String> {
        let times = 1 + self.output.size() / OUTPUT_STEP;
        let period = OUTPUT_PERIOD.saturating_mul(u32::try_from(times).unwrap_or(u32::MAX));
        self.since.take_if(|since| since.elapsed() >= period).map(|_| self.output.text())
    }
}

fn lines(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The record of the attempts.
struct Log<'a> {
    run: &'a JobRun<'a>,
    recorder: Recorder,
    kept: Arc<Mutex<Kept>>,
}

impl Log<'_> {
    /// Records a run whose script was not started.
    fn note(&self, ended: &Ended) -> Result<()> {
        self.begin(1)?;
        self.end(ended);
        Ok(())
    }
}

impl Attempts for Log<'_> {
    fn begin(&self, attempt: u32) -> Result<Option<i64>> {
        *lines(&self.kept) = Kept::default();
        self.recorder.describe(self.run.new_run(attempt));
        self.recorder.begin().map_err(|error| {
            error.operation("job.run").object(self.run.job.name.as_str()).replace_hint(
                "the record of this job is required: nothing is started that cannot be recorded; \
                 record = \"best-effort\" in the block [job] would only warn",
            )
        })
    }

    fn go_on(&self) {
        if let Some(text) = lines(&self.kept).for_record() {
            self.recorder.keep_output(text);
        }
    }

    fn end(&self, ended: &Ended) {
        let kept = std::mem::take(&mut *lines(&self.kept));
        let output = kept.output.text();
        let ending = Ending {
            status: Some(ended.status.into()),
            error: ended.why.clone().or(kept.error),
            output: (!output.is_empty()).then_some(output),
            ..Ending::new(ended.how.outcome())
        };
        self.recorder.end(ending);
    }
}

impl How {
    /// The word of the record for it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Done => Outcome::Done,
            Self::Failed => Outcome::Failed,
            Self::Deadline => Outcome::Timeout,
            Self::Told => Outcome::Interrupted,
            Self::Skipped => Outcome::Skipped,
        }
    }
}
