//! The history store: what ran and what it changed, and what was measured.
//!
//! It is a file that several programs may use at once, an embedded `SQLite` with a write-ahead log: readers see what was
//! complete when they began and keep nobody waiting, and writers take turns. The file is readable by its owner only.
//! Or it is a database of `PostgreSQL` that several machines share; the queries are the same. `schema` has the tables.

mod arguments;
mod backend;
mod failure;
mod place;
mod postgres;
mod records;
mod rows;
mod run;
mod samples;
mod schema;
mod sqlite;
#[cfg(test)]
mod tests;

pub use place::Place;
pub use records::FIRST_NUMBER;
pub use rows::{changes_table, runs_table};
pub use run::{Change, ChangeOutcome, Ending, Filter, NewRun, OUTPUT_LIMIT, Outcome, Pruned, Run, digest};
pub use samples::{Number, Sample, Wanted};

use std::fmt;

use crate::error::Result;
use backend::{Backend, Outcome as Answer};
use postgres::Postgres;
use sqlite::{Existing, Sqlite};

const ADD_HOST: &str = "INSERT INTO hosts (uri) VALUES (?1) ON CONFLICT DO NOTHING";

/// An open store.
pub struct Store {
    backend: Box<dyn Backend>,
    place: Place,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.place)
    }
}

impl Store {
    /// Opens a store for reading and writing, made if need be.
    ///
    /// Errors: `io` where it cannot be made, opened, reached or written, is damaged, or of a newer program or another
    /// one; `timeout` where another program keeps it locked.
    pub fn open(place: impl Into<Place>) -> Result<Self> {
        let place = place.into();
        let backend: Answer<Box<dyn Backend>> = match &place {
            Place::File(path) => {
                sqlite::make(path)?;
                Sqlite::open(path).map(|store| Box::new(store) as _)
            }
            Place::Url(url) => Postgres::open(url).map(|store| Box::new(store) as _),
        };
        match backend {
            Ok(backend) => Ok(Self { backend, place }),
            Err(failure) => Err(failure.at(&place)),
        }
    }

    /// Opens a store for reading; `None` where there is none, or nothing in it.
    ///
    /// Errors: as [`Store::open`].
    pub fn open_existing(place: impl Into<Place>) -> Result<Option<Self>> {
        let place = place.into();
        let path = match &place {
            Place::File(path) => path,
            Place::Url(url) => {
                let backend = Postgres::open_existing(url).map_err(|failure| failure.at(&place))?;
                return Ok(backend.map(|store| Self { backend: Box::new(store), place }));
            }
        };
        if matches!(path.try_exists(), Ok(false)) {
            return Ok(None);
        }
        match Sqlite::open_existing(path).map_err(|failure| failure.at(&place))? {
            Existing::Empty => Ok(None),
            // It is brought up to date first.
            Existing::Old => Self::open(place).map(Some),
            Existing::Ready(store) => Ok(Some(Self { backend: Box::new(store), place })),
        }
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// True where its server is gone: opening it anew may help.
    pub fn is_lost(&self) -> bool {
        self.backend.is_lost()
    }

    /// Makes a change as a whole or not at all.
    fn change<T>(&mut self, change: impl FnOnce(&dyn Backend) -> Answer<T>) -> Result<T> {
        let backend = &*self.backend;
        backend::change(backend, || change(backend)).map_err(|failure| failure.at(&self.place))
    }

    fn read<T>(&self, read: impl FnOnce(&dyn Backend) -> Answer<T>) -> Result<T> {
        read(&*self.backend).map_err(|failure| failure.at(&self.place))
    }
}
