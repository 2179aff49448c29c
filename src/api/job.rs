//! Long work that goes on while the script does: `job.progress`, `job.wait()`, `job.abort()`.

use std::time::Duration;

use rhai::Map;
use rhai::plugin::{Dynamic, export_module};

use super::subject::of;
use super::{Fallible, params, words};
use crate::error::Result;
use crate::lang::natives::Natives;
use crate::libvirt::{Job, Params, Product, Reading};
use crate::output::{Data, progress};

/// Registers the type and its functions.
pub(super) fn register(natives: &mut Natives) {
    natives.engine().register_type_with_name::<Job>("Job");
    natives.global(&job_functions::RHAI_MANIFEST);
}

/// What libvirt counts in milliseconds in the details of a job.
const MILLISECONDS: &[&str] =
    &["time_elapsed", "time_elapsed_net", "time_remaining", "downtime", "downtime_net", "setup_time"];

/// The details of a job as scripts see them: libvirt's names, times in seconds, the operation as a word.
pub(super) fn details(given: Params) -> Map {
    let mut map = params::to_map(given);
    if let Some(operation) = map.get_mut("operation")
        && let Ok(number) = operation.as_int()
    {
        let number = i32::try_from(number).unwrap_or(-1);
        *operation = words::word(words::JOB_OPERATIONS, number).as_ref().into();
    }
    for name in MILLISECONDS {
        if let Some(value) = map.get_mut(*name)
            && let Ok(milliseconds) = value.as_int()
        {
            *value = (milliseconds as f64 / 1000.0).into();
        }
    }
    map
}

/// Waits, with a bar on a terminal; the error of the work is the error of the wait.
fn wait(job: &Job, time: Duration) -> Fallible<bool> {
    let ended = if progress::is_seen() { watch(job, time)? } else { job.wait(time)? };
    Ok(match ended {
        Some(outcome) => outcome.map(|()| true)?,
        None => false,
    })
}

fn watch(job: &Job, time: Duration) -> Result<Option<Result<()>>> {
    let mut bar = None;
    job.watch(time, |Reading { progress: now, .. }| {
        // Only work that takes its time is worth a bar.
        let bar =
            bar.get_or_insert_with(|| progress::start(&title(job), now.total, progress::Unit::Bytes, true));
        bar.set(now.processed, now.total);
    })
}

/// `save web1`
fn title(job: &Job) -> String {
    let verb = job.operation().rsplit('.').next().unwrap_or_default();
    format!("{verb} {}", job.object())
}

fn reading(job: &Job) -> Result<Map> {
    let reading = job.progress()?;
    let optional = |number: Option<f64>| number.map_or(Dynamic::UNIT, Dynamic::from);
    let fields = [
        ("processed", params::to_i64(reading.progress.processed).into()),
        ("total", params::to_i64(reading.progress.total).into()),
        ("percent", optional(reading.percent)),
        ("rate", reading.rate.into()),
        ("eta", optional(reading.eta)),
        ("details", details(reading.progress.details).into()),
    ];
    Ok(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

/// `running`, `ready`, `done` or `failed`.
fn state(job: &Job) -> Result<&'static str> {
    job.is_done()?;
    Ok(match job.outcome() {
        None => "running",
        Some(Ok(())) if job.is_held() => "ready",
        Some(Ok(())) => "done",
        Some(Err(_)) => "failed",
    })
}

/// The default columns of a job.
pub(super) fn row(job: &Job) -> Result<Vec<Data>> {
    let reading = job.progress()?;
    let error = job.outcome().and_then(std::result::Result::err);
    Ok(vec![
        Data::Text(job.operation().to_owned()),
        Data::Text(job.object().to_owned()),
        Data::Text(state(job)?.to_owned()),
        Data::Int(params::to_i64(reading.progress.processed)),
        Data::Int(params::to_i64(reading.progress.total)),
        reading.percent.map_or(Data::Null, |percent| Data::Float((percent * 10.0).round() / 10.0)),
        Data::Float((job.elapsed() * 1000.0).round() / 1000.0),
        error.map_or(Data::Null, |error| Data::Text(error.to_string())),
    ])
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod job_functions {
    /// How far the work is: `#{ processed, total, percent, rate, eta, details }`.
    ///
    /// `processed` and `total` are bytes (`total` is 0 while it is not known), `percent` goes from 0 to 100, `rate` is in
    /// bytes a second, `eta` in seconds; `percent` and `eta` are `()` where nobody can tell. `details` has what the
    /// driver tells beside that, in libvirt's names: sizes in bytes, times in seconds.
    ///
    /// Errors: `disconnected` when the connection was lost.
    ///
    /// ```rhai
    /// let job = domain("test").managed_save();
    /// print(job.progress.percent);
    /// ```
    #[rhai_fn(get = "progress", return_raw, pure)]
    pub fn get_progress(job: &mut Job) -> Fallible<Map> {
        Ok(reading(job)?)
    }

    /// The bytes that are done.
    ///
    /// Errors: `disconnected` when the connection was lost.
    ///
    /// ```rhai
    /// print(size_text(domain("test").managed_save().processed));
    /// ```
    #[rhai_fn(get = "processed", return_raw, pure)]
    pub fn get_processed(job: &mut Job) -> Fallible<i64> {
        Ok(params::to_i64(job.progress()?.progress.processed))
    }

    /// The bytes in all, 0 while that is not known.
    ///
    /// Errors: `disconnected` when the connection was lost.
    ///
    /// ```rhai
    /// print(size_text(domain("test").managed_save().total));
    /// ```
    #[rhai_fn(get = "total", return_raw, pure)]
    pub fn get_total(job: &mut Job) -> Fallible<i64> {
        Ok(params::to_i64(job.progress()?.progress.total))
    }

    /// How far the work is, from 0 to 100, or `()` where nobody can tell.
    ///
    /// Errors: `disconnected` when the connection was lost.
    ///
    /// @returns float
    ///
    /// ```rhai
    /// print(domain("test").managed_save().percent);
    /// ```
    #[rhai_fn(get = "percent", return_raw, pure)]
    pub fn get_percent(job: &mut Job) -> Fallible<Dynamic> {
        Ok(job.progress()?.percent.map_or(Dynamic::UNIT, Dynamic::from))
    }

    /// Whether the work has ended, well or not; `state` and `error` tell which.
    ///
    /// ```rhai
    /// print(domain("test").managed_save().done);
    /// ```
    #[rhai_fn(get = "done", return_raw, pure)]
    pub fn get_done(job: &mut Job) -> Fallible<bool> {
        Ok(job.is_done()?)
    }

    /// How the work stands: `running`, `ready`, `done` or `failed`.
    ///
    /// `ready` is the copy of a disk that is complete and kept so, until `pivot()` or `abort()`.
    ///
    /// ```rhai
    /// print(domain("test").managed_save().state);
    /// ```
    #[rhai_fn(get = "state", return_raw, pure)]
    pub fn get_state(job: &mut Job) -> Fallible<String> {
        Ok(state(job)?.to_owned())
    }

    /// Why the work failed, or `()`; asking throws nothing.
    ///
    /// @returns Error
    ///
    /// ```rhai
    /// let job = domain("test").managed_save();
    /// if job.done && job.error != () { print(job.error.message) }
    /// ```
    #[rhai_fn(get = "error", return_raw, pure)]
    pub fn get_error(job: &mut Job) -> Fallible<Dynamic> {
        job.is_done()?;
        Ok(match job.outcome() {
            Some(Err(error)) => Dynamic::from(error),
            _ => Dynamic::UNIT,
        })
    }

    /// What is done, such as `domain.managed_save`.
    ///
    /// ```rhai
    /// print(domain("test").managed_save().operation);
    /// ```
    #[rhai_fn(get = "operation", pure)]
    pub fn get_operation(job: &mut Job) -> String {
        job.operation().to_owned()
    }

    /// What the work is done to, by name.
    ///
    /// ```rhai
    /// print(domain("test").managed_save().object);
    /// ```
    #[rhai_fn(get = "object", pure)]
    pub fn get_object(job: &mut Job) -> String {
        job.object().to_owned()
    }

    /// Seconds since the work began, or that it took.
    ///
    /// ```rhai
    /// print(domain("test").managed_save().elapsed);
    /// ```
    #[rhai_fn(get = "elapsed", pure)]
    pub fn get_elapsed(job: &mut Job) -> f64 {
        job.elapsed()
    }

    /// What the work has made, such as the guest at the destination of a migration.
    ///
    /// It is `()` where there is nothing, and before the work has ended well: wait first.
    ///
    /// ```rhai
    /// let job = domain("test").managed_save();
    /// job.wait();
    /// print(job.result);
    /// ```
    #[rhai_fn(get = "result", return_raw, pure)]
    pub fn get_result(job: &mut Job) -> Fallible<Dynamic> {
        job.is_done()?;
        Ok(match job.product() {
            None => Dynamic::UNIT,
            Some(Product::Domain(domain)) => Dynamic::from(domain),
            Some(Product::Number(number)) => number.into(),
            Some(Product::Text(text)) => text.into(),
            Some(Product::Params(given)) => details(given).into(),
        })
    }

    /// Waits until the work has ended; on a terminal a bar shows how far it is.
    ///
    /// Returns true. Ctrl-C and the deadline of the run end only the waiting: the work goes on.
    ///
    /// Errors: those of the work, `operation_aborted` after `abort()`.
    ///
    /// ```rhai
    /// domain("test").managed_save().wait();
    /// ```
    #[rhai_fn(name = "wait", return_raw, pure)]
    pub fn wait_for_end(job: &mut Job) -> Fallible<bool> {
        wait(job, Duration::MAX)
    }

    /// Waits until the work has ended, at most for a time in seconds or such as `"90s"`.
    ///
    /// Returns whether it has ended. Ctrl-C and the deadline of the run end only the waiting: the work goes on.
    ///
    /// Errors: those of the work, `operation_aborted` after `abort()`.
    ///
    /// ```rhai
    /// let job = domain("test").managed_save();
    /// if !job.wait("10m") { job.abort() }
    /// ```
    #[rhai_fn(name = "wait", return_raw, pure)]
    pub fn wait_at_most(job: &mut Job, timeout: Dynamic) -> Fallible<bool> {
        let time = super::super::units::duration(&timeout).map_err(of("job.wait", job))?;
        wait(job, time)
    }

    /// Asks the work to end before its time; `wait` then throws `operation_aborted`.
    ///
    /// What was done so far is undone where the hypervisor does that: an aborted migration leaves the guest running
    /// where it was. Work that has ended stays what it is.
    ///
    /// Errors: `operation_invalid` where this work cannot be aborted (any more).
    ///
    /// ```rhai
    /// domain("test").managed_save().abort();
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn abort(job: &mut Job) -> Fallible<()> {
        Ok(job.abort()?)
    }

    /// Goes over to the copy that a block job has made, waiting until it is complete.
    ///
    /// The guest then uses the copy (of `block_copy`), or the image below (of a `block_commit` of the
    /// active one). Ctrl-C and the deadline of the run end only the waiting.
    ///
    /// Errors: `operation_invalid` for other work, `operation_aborted` when the job was aborted.
    ///
    /// ```rhai
    /// try { domain("test").block_copy("vda", "/img/copy.qcow2").pivot() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn pivot(job: &mut Job) -> Fallible<()> {
        Ok(job.pivot()?)
    }

    /// The work and what it is done to, as `print` shows it.
    ///
    /// ```rhai
    /// print(domain("test").managed_save().to_string());
    /// ```
    #[rhai_fn(pure)]
    pub fn to_string(job: &mut Job) -> String {
        title(job)
    }

    /// The type, the operation and the object.
    ///
    /// ```rhai
    /// print(domain("test").managed_save().to_debug());
    /// ```
    #[rhai_fn(pure)]
    pub fn to_debug(job: &mut Job) -> String {
        format!("Job({} {:?})", job.operation(), job.object())
    }

    /// Whether both are the same job.
    #[rhai_fn(name = "==", pure)]
    pub fn equals(one: &mut Job, other: Job) -> bool {
        one.is_same(&other)
    }

    /// Whether they are different jobs.
    #[rhai_fn(name = "!=", pure)]
    pub fn differs(one: &mut Job, other: Job) -> bool {
        !one.is_same(&other)
    }
}

#[cfg(test)]
mod tests {
    use crate::api::test_script::TestScript;
    use crate::libvirt::test_node::GUEST;

    #[test]
    fn done_is_whether_and_processed_is_how_much() {
        let script = format!(
            "let vm = conn().define_domain(`{GUEST}`);
            vm.start();
            let job = vm.managed_save();
            job.wait();
            [job.done, job.processed, job.total, job.progress.keys(), job]"
        );
        let seen = TestScript::new().json(&script);
        let keys = r#"["details","eta","percent","processed","rate","total"]"#;
        assert!(seen.starts_with(&format!("[true,0,0,{keys},{{")), "{seen}");
        assert!(seen.contains(r#""state":"done","processed":0,"total":0,"percent":100.0"#), "{seen}");
        assert!(!seen.contains(r#""done":"#), "{seen}");
    }
}
