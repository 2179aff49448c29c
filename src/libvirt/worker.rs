//! A thread that makes blocking calls for others.
//!
//! A C call cannot be interrupted, so calls that may hang run here while the caller waits for the
//! answer, the interrupt or the deadline. A caller that gives up leaves the thread to its fate: it
//! ends by itself when the call returns, and until then it holds nothing that others need.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::{Duration, Instant};

use super::interrupt::{Interrupt, Reason, TICK};
use crate::error::{Error, Result, code};

type Task = Box<dyn FnOnce() + Send>;

/// How long both sides look before they sleep. Waking a thread costs more than most calls take, and
/// a script that makes one call after the other would pay for it twice in each.
const LOOK: Duration = Duration::from_micros(100);

/// From here on a call takes its time, and whoever waits for it is told.
const LATE: Duration = Duration::from_secs(2);

/// See the module. The thread ends when its last `Worker` is dropped.
#[derive(Clone)]
pub(super) struct Worker(Sender<Task>);

/// Why a task has no answer.
pub(super) enum Unanswered {
    /// The caller gave up; the thread may hang for ever and must not be used again.
    Abandoned(Reason),
    /// The task panicked, or the thread is gone.
    Failed(Error),
}

impl Worker {
    pub(super) fn start(name: &str) -> Result<Self> {
        let (sender, tasks) = mpsc::channel::<Task>();
        std::thread::Builder::new()
            .name(name.into())
            .spawn(move || serve(&tasks))
            .map_err(|e| Error::new(code::IO, format!("cannot start a worker thread: {e}")))?;
        Ok(Self(sender))
    }

    /// Leaves a task to the thread without waiting for it.
    pub(super) fn post(&self, task: impl FnOnce() + Send + 'static) {
        // Fails only when the thread is gone, and then the task is dropped, which is all it does.
        let _ = self.0.send(Box::new(task));
    }

    /// Runs a task on the thread and waits for its answer; `waiting` is called again and again meanwhile, and `late` once where it takes its time: what that
    /// gives is kept until the end.
    pub(super) fn run_telling<T: Send + 'static>(
        &self,
        interrupt: &Interrupt,
        waiting: impl Fn(),
        late: impl Fn(Duration) -> Option<Box<dyn Any>>,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> std::result::Result<T, Unanswered> {
        self.begin(task).wait_telling(interrupt, waiting, late)
    }

    /// Leaves a task to the thread; its answer can be waited for.
    pub(super) fn begin<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> Pending<T> {
        let (sender, answer) = mpsc::sync_channel(1);
        let start = Instant::now();
        self.post(move || {
            // The receiver is gone when the caller gave up: its answer is dropped here.
            let _ = sender.send(catch_unwind(AssertUnwindSafe(task)));
        });
        Pending { answer, start }
    }
}

/// A task that a thread was given.
pub(super) struct Pending<T> {
    answer: Receiver<std::thread::Result<T>>,
    start: Instant,
}

impl<T> Pending<T> {
    /// Waits for the answer.
    pub(super) fn wait(self, interrupt: &Interrupt) -> std::result::Result<T, Unanswered> {
        self.wait_telling(interrupt, || (), |_| None)
    }

    fn wait_telling(
        self,
        interrupt: &Interrupt,
        waiting: impl Fn(),
        late: impl Fn(Duration) -> Option<Box<dyn Any>>,
    ) -> std::result::Result<T, Unanswered> {
        let mut told = None;
        if let Some(answer) = look(&self.answer) {
            return answer.map_err(|payload| Unanswered::Failed(panicked(Some(&*payload))));
        }
        loop {
            match self.answer.recv_timeout(TICK) {
                Ok(Ok(value)) => return Ok(value),
                Ok(Err(payload)) => return Err(Unanswered::Failed(panicked(Some(&*payload)))),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Unanswered::Failed(panicked(None)));
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(reason) = interrupt.reason() {
                        return Err(Unanswered::Abandoned(reason));
                    }
                    waiting();
                    if told.is_none() && self.start.elapsed() >= LATE {
                        told = Some(late(self.start.elapsed()));
                    }
                }
            }
        }
    }
}

/// Runs tasks until nobody can send any more.
fn serve(tasks: &Receiver<Task>) {
    while let Ok(task) = tasks.recv() {
        task();
        while let Some(task) = look(tasks) {
            task();
        }
    }
}

/// Looks for a short while whether something comes, leaving the processor to others in between.
fn look<T>(receiver: &Receiver<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        match receiver.try_recv() {
            Ok(value) => return Some(value),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) if start.elapsed() >= LOOK => return None,
            Err(TryRecvError::Empty) => std::thread::yield_now(),
        }
    }
}

fn panicked(payload: Option<&(dyn Any + Send)>) -> Error {
    let text = payload.and_then(|p| {
        p.downcast_ref::<String>().map(String::as_str).or_else(|| p.downcast_ref::<&str>().copied())
    });
    Error::new("internal_error", format!("a worker thread failed: {}", text.unwrap_or("it has ended")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn answer<T: Send + 'static>(
        worker: &Worker,
        interrupt: &Interrupt,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> std::result::Result<T, Unanswered> {
        worker.begin(task).wait(interrupt)
    }

    #[test]
    fn tasks_run_one_after_the_other_on_one_thread() {
        let worker = Worker::start("test").unwrap();
        let interrupt = Interrupt::default();
        let id = |w: &Worker| answer(w, &interrupt, || std::thread::current().id()).ok().unwrap();
        assert_eq!(id(&worker), id(&worker));
        assert_ne!(id(&worker), std::thread::current().id());
    }

    #[test]
    fn a_hanging_task_is_abandoned_on_request() {
        let worker = Worker::start("test").unwrap();
        let interrupt = Interrupt::default();
        interrupt.set_deadline(Duration::from_millis(30));
        let (keep, hang) = mpsc::channel::<()>();
        let outcome = answer(&worker, &interrupt, move || hang.recv());
        assert!(matches!(outcome, Err(Unanswered::Abandoned(Reason::Deadline))));
        drop(keep);
    }

    #[test]
    fn who_waits_long_is_told_once_until_the_end() {
        let worker = Worker::start("test").unwrap();
        let told = std::rc::Rc::new(std::cell::Cell::new(0));
        let late = |_| {
            told.set(told.get() + 1);
            Some(Box::new(told.clone()) as Box<dyn Any>)
        };
        let answer = worker.run_telling(
            &Interrupt::default(),
            || (),
            late,
            || {
                std::thread::sleep(LATE + 5 * TICK);
                7
            },
        );
        assert_eq!(answer.ok(), Some(7));
        assert_eq!(told.get(), 1);
        assert_eq!(std::rc::Rc::strong_count(&told), 1, "what was shown is taken away");
        worker.run_telling(&Interrupt::default(), || (), late, || ()).ok().unwrap();
        assert_eq!(told.get(), 1);
    }

    #[test]
    fn a_panic_is_an_error_and_the_thread_goes_on() {
        let worker = Worker::start("test").unwrap();
        let interrupt = Interrupt::default();
        let outcome = answer(&worker, &interrupt, || -> i32 { panic!("no such thing") });
        let Err(Unanswered::Failed(error)) = outcome else { panic!("expected a failure") };
        assert!(error.to_string().contains("no such thing"), "{error}");
        assert_eq!(answer(&worker, &interrupt, || 7).ok(), Some(7));
    }
}
