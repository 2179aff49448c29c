//! The catalog, made on a thread of its own while the first line is typed.

use std::cell::RefCell;
use std::thread::{Builder, JoinHandle};

use crate::lang::catalog::Catalog;

/// See the module.
#[derive(Default)]
pub(super) struct Preparation {
    thread: RefCell<Option<JoinHandle<Catalog>>>,
}

impl Preparation {
    /// Begins. Where there can be no thread, whoever needs the catalog makes it.
    pub(super) fn begin(&self, make: impl FnOnce() -> Catalog + Send + 'static) {
        *self.thread.borrow_mut() = Builder::new().name("catalog".into()).spawn(make).ok();
    }

    /// True while the catalog can be had without waiting.
    pub(super) fn is_done(&self) -> bool {
        self.thread.borrow().as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Waits for the catalog, if it is on its way.
    pub(super) fn wait(&self) -> Option<Catalog> {
        self.thread.take()?.join().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::natives::Docs;
    use crate::session::{bare_engine, catalog};

    #[test]
    fn the_catalog_is_handed_over_once() {
        let preparation = Preparation::default();
        assert!(preparation.wait().is_none());
        preparation.begin(|| catalog(&bare_engine(Docs::Kept)));
        assert!(preparation.wait().is_some_and(|catalog| catalog.function("", "domain").is_some()));
        assert!(preparation.wait().is_none() && !preparation.is_done());
    }
}
