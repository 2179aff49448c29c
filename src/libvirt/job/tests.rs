use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::error::code;
use crate::libvirt::Value;

/// Work that a test leads.
#[derive(Default)]
struct Led {
    progress: Mutex<Progress>,
    refusal: Mutex<Option<Error>>,
    outcome: Mutex<Option<Result<()>>>,
    interrupted: Mutex<bool>,
    waits: AtomicU32,
    aborts: AtomicU32,
}

impl Work for Led {
    fn progress(&self) -> Result<Progress> {
        self.refusal.lock().unwrap().clone().map_or_else(|| Ok(self.progress.lock().unwrap().clone()), Err)
    }

    fn wait(&self, _: Duration) -> Result<Option<Result<()>>> {
        self.waits.fetch_add(1, Ordering::Relaxed);
        if *self.interrupted.lock().unwrap() {
            return Err(Error::new(code::INTERRUPTED, "interrupted"));
        }
        Ok(self.outcome.lock().unwrap().clone())
    }

    fn abort(&self) -> Result<()> {
        self.aborts.fetch_add(1, Ordering::Relaxed);
        *self.outcome.lock().unwrap() = Some(Err(Error::new("operation_aborted", "ended on request")));
        Ok(())
    }

    fn product(&self) -> Option<Product> {
        Some(Product::Number(7))
    }
}

impl Led {
    fn job() -> (Arc<Self>, Job) {
        let work = Arc::<Self>::default();
        (work.clone(), Job::new("domain.save", "web1", work))
    }

    fn reach(&self, processed: u64, total: u64) {
        let details = vec![("iteration".into(), Value::Int(1))];
        *self.progress.lock().unwrap() = Progress { processed, total, details };
    }

    fn end(&self, outcome: Result<()>) {
        *self.outcome.lock().unwrap() = Some(outcome);
    }
}

#[test]
fn progress_knows_percent_and_details_and_after_the_end_it_is_complete() {
    let (work, job) = Led::job();
    let reading = job.progress().unwrap();
    assert_eq!((reading.percent, reading.eta), (None, None));
    work.reach(25, 100);
    let reading = job.progress().unwrap();
    assert_eq!(reading.percent, Some(25.0));
    assert_eq!(reading.progress.details.len(), 1);
    assert!(reading.rate > 0.0 && reading.eta.is_some(), "{reading:?}");
    work.end(Ok(()));
    let reading = job.progress().unwrap();
    assert_eq!((reading.percent, reading.eta, reading.progress.processed), (Some(100.0), Some(0.0), 100));
}

#[test]
fn work_that_is_just_ending_keeps_its_last_progress() {
    let (work, job) = Led::job();
    work.reach(50, 100);
    assert_eq!(job.progress().unwrap().percent, Some(50.0));
    *work.refusal.lock().unwrap() = Some(Error::new("no_domain", "it has moved away"));
    assert_eq!(job.progress().unwrap().percent, Some(50.0));
    *work.refusal.lock().unwrap() = Some(Error::new(code::DISCONNECTED, "nobody can tell"));
    assert_eq!(job.progress().unwrap_err().code(), code::DISCONNECTED);
}

#[test]
fn the_end_is_remembered_and_the_work_asked_no_more() {
    let (work, job) = Led::job();
    assert!(!job.is_done().unwrap());
    assert!(job.product().is_none());
    work.end(Ok(()));
    assert!(job.is_done().unwrap());
    assert!(matches!(job.product(), Some(Product::Number(7))));
    let waits = work.waits.load(Ordering::Relaxed);
    work.end(Err(Error::usage("too late")));
    assert!(matches!(job.wait(Duration::ZERO), Ok(Some(Ok(())))));
    assert_eq!(work.waits.load(Ordering::Relaxed), waits);
    job.abort().unwrap();
    assert_eq!(work.aborts.load(Ordering::Relaxed), 0);
}

#[test]
fn an_abort_shows_as_the_works_own_error_with_operation_and_object() {
    let (work, job) = Led::job();
    work.reach(1, 2);
    job.abort().unwrap();
    let error = job.wait(Duration::ZERO).unwrap().unwrap().unwrap_err();
    assert_eq!(error.code(), "operation_aborted");
    assert_eq!(error.facts().operation.as_deref(), Some("domain.save"));
    assert_eq!(error.facts().object.as_deref(), Some("web1"));
    assert_eq!(job.progress().unwrap().percent, Some(50.0));
    assert!(job.product().is_none());
}

#[test]
fn an_interrupt_ends_the_waiting_and_says_that_the_work_was_left_alone() {
    let (work, job) = Led::job();
    *work.interrupted.lock().unwrap() = true;
    let error = job.wait(Duration::MAX).unwrap_err();
    assert!(error.ends_the_run());
    assert!(error.facts().hint.as_deref().unwrap().contains("domain.save of web1 was not aborted"));
    *work.interrupted.lock().unwrap() = false;
    assert!(job.outcome().is_none());
    assert_eq!(work.aborts.load(Ordering::Relaxed), 0);
}

#[test]
fn watching_tells_how_far_it_is_and_ends_in_time() {
    let (work, job) = Led::job();
    work.reach(50, 100);
    let mut seen = Vec::new();
    let outcome = job.watch(Duration::ZERO, |reading| seen.push(reading.percent)).unwrap();
    assert!(outcome.is_none());
    assert_eq!(seen, [Some(50.0)]);
    work.end(Ok(()));
    assert!(matches!(job.watch(Duration::MAX, |_| panic!("it is done")), Ok(Some(Ok(())))));
}
