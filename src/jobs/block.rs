//! The block `[job]`, read key by key: all its faults are found at once, each with its place in the script.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::comment::Comment;
use super::values::{Hosts, Name, UnitName, Uri, Value, Variable, check_name};
use super::{Job, Retry, Target};
use crate::config::line_and_column;
use crate::error::{Error, Result};
use crate::lang::lint::Finding;
use crate::output::did_you_mean;

/// The keys of the block.
pub(super) const KEYS: &[&str] = &[
    "name",
    "schedule",
    "jitter",
    "timeout",
    "grace",
    "watchdog",
    "overlap",
    "retry",
    "uri",
    "hosts",
    "readonly",
    "deny",
    "writes",
    "record",
    "args",
    "environment",
    "credentials",
    "on_failure",
    "quiet",
];

/// The keys of `retry`.
const RETRY_KEYS: &[&str] = &["count", "after"];

/// The time that a script has to end when nothing else is said.
const GRACE: Duration = Duration::from_secs(30);

/// Reads the block of a script.
pub(super) fn read(script: &Path, text: &str) -> std::result::Result<Job, Vec<Finding>> {
    let comment = Comment::read(text);
    let mut reader = Reader { toml: &comment.toml, findings: Vec::new() };
    if comment.line.is_none() {
        let error = Error::usage("the leading comment has no block [job]")
            .hint("begin it with `//! [job]` and, on the next line, `//! schedule = \"daily\"`: see `virhai doc schedule`");
        reader.fault(0..0, "job_block", &error);
        return Err(reader.findings);
    }
    let (table, faults) = DeTable::parse_recoverable(&comment.toml);
    for fault in &faults {
        let message = fault.message().lines().collect::<Vec<_>>().join(" ");
        reader.fault(fault.span().unwrap_or(0..0), "job_block", &Error::usage(message));
    }
    if !faults.is_empty() {
        return Err(reader.findings);
    }
    let mut job = Job { purpose: comment.text, ..Job::named(script) };
    for (name, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(block) if name.get_ref() == "job" => reader.job(block, &mut job),
            _ => reader.unknown(name.span(), name.get_ref(), &["job"]),
        }
    }
    if let Err(error) = check_name(&job.name) {
        let at = comment.toml.find("[job]").unwrap_or(0);
        reader.fault(at..at + 5, "job_value", &error.hint("give it one with the key `name`"));
    }
    reader.findings.sort();
    if reader.findings.is_empty() { Ok(job) } else { Err(reader.findings) }
}

impl Job {
    /// A job with nothing but the name of its file.
    fn named(script: &Path) -> Self {
        let file = script.file_name().unwrap_or_default().to_string_lossy();
        Self {
            name: file.strip_suffix(".rhai").unwrap_or(&file).to_owned(),
            script: script.to_owned(),
            purpose: String::new(),
            schedule: None,
            jitter: Duration::ZERO,
            timeout: None,
            grace: GRACE,
            watchdog: None,
            overlap: super::Overlap::Skip,
            retry: Retry::default(),
            target: Target::Default,
            readonly: false,
            deny: Vec::new(),
            writes: Vec::new(),
            record: None,
            args: Vec::new(),
            environment: Vec::new(),
            credentials: Vec::new(),
            on_failure: None,
            quiet: false,
        }
    }
}

struct Reader<'a> {
    toml: &'a str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn fault(&mut self, span: Range<usize>, code: &'static str, error: &Error) {
        let (line, column) = line_and_column(self.toml, span.start);
        let about = self.toml.get(span).unwrap_or_default().lines().next().unwrap_or_default();
        self.findings.push(Finding {
            line,
            column,
            length: about.chars().count().max(1),
            code,
            message: error.to_string(),
            hint: error.facts().hint.clone(),
        });
    }

    fn unknown(&mut self, span: Range<usize>, key: &str, known: &[&str]) {
        let error = did_you_mean(Error::usage(format!("there is no key \"{key}\"")), key, known);
        self.fault(span, "job_key", &error);
    }

    fn job(&mut self, block: &DeTable, job: &mut Job) {
        for (key, value) in block {
            match key.get_ref().as_ref() {
                "name" => self.one(value, |Name(name)| job.name = name),
                "schedule" => self.one(value, |schedule| job.schedule = Some(schedule)),
                "jitter" => self.one(value, |jitter| job.jitter = jitter),
                "timeout" => self.positive(value, |timeout| job.timeout = Some(timeout)),
                "grace" => self.one(value, |grace| job.grace = grace),
                "watchdog" => self.positive(value, |watchdog| job.watchdog = Some(watchdog)),
                "overlap" => self.one(value, |overlap| job.overlap = overlap),
                "retry" => self.retry(value, &mut job.retry),
                "uri" => self.one(value, |Uri(uri)| job.target = Target::Uri(uri)),
                "hosts" => self.one(value, |Hosts(hosts)| job.target = Target::Hosts(hosts)),
                "readonly" => self.one(value, |readonly| job.readonly = readonly),
                "deny" => self.list(value, |denied| job.deny.push(denied)),
                "writes" => self.list(value, |folder| job.writes.push(folder)),
                "record" => self.one(value, |record| job.record = Some(record)),
                "args" => self.list(value, |argument| job.args.push(argument)),
                "environment" => self.list(value, |Variable(name)| job.environment.push(name)),
                "credentials" => self.list(value, |credential| job.credentials.push(credential)),
                "on_failure" => self.one(value, |UnitName(unit)| job.on_failure = Some(unit)),
                "quiet" => self.one(value, |quiet| job.quiet = quiet),
                other => self.unknown(key.span(), other, KEYS),
            }
        }
        if let (Some(_), Some((key, _))) = (block.get("uri"), block.get_key_value("hosts")) {
            let error = Error::usage("uri and hosts exclude each other").hint("keep the one that is meant");
            self.fault(key.span(), "job_value", &error);
        }
    }

    fn retry(&mut self, value: &Spanned<DeValue>, retry: &mut Retry) {
        let DeValue::Table(table) = value.get_ref() else {
            let error = Error::usage(format!("a table is expected, not {}", value.get_ref().type_str()));
            return self.fault(
                value.span(),
                "job_value",
                &error.hint("write retry = { count = 2, after = \"5m\" }"),
            );
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "count" => self.one(value, |count| retry.count = count),
                "after" => self.one(value, |after| retry.after = after),
                other => self.unknown(key.span(), other, RETRY_KEYS),
            }
        }
    }

    /// Reads a value; a fault is noted.
    fn one<T: Value>(&mut self, value: &Spanned<DeValue>, take: impl FnOnce(T)) {
        self.taken(value, T::read(value.get_ref()), take);
    }

    fn positive(&mut self, value: &Spanned<DeValue>, take: impl FnOnce(Duration)) {
        let read = Duration::read(value.get_ref()).and_then(|duration| {
            if duration.is_zero() {
                let error = Error::usage("no time at all is given");
                return Err(error.hint("leave the key out for no limit"));
            }
            Ok(duration)
        });
        self.taken(value, read, take);
    }

    fn list<T: Value>(&mut self, value: &Spanned<DeValue>, mut take: impl FnMut(T)) {
        let DeValue::Array(values) = value.get_ref() else {
            let error = Error::usage(format!("a list is expected, not {}", value.get_ref().type_str()));
            return self.fault(value.span(), "job_value", &error.hint("write it in brackets: [\"…\"]"));
        };
        for value in values {
            self.one(value, &mut take);
        }
    }

    fn taken<T>(&mut self, value: &Spanned<DeValue>, read: Result<T>, take: impl FnOnce(T)) {
        match read {
            Ok(read) => take(read),
            Err(error) => self.fault(value.span(), "job_value", &error),
        }
    }
}
