//! What was there before the last change, so that `:undo` can put it back.
//!
//! Before a change that has an inverse, the object's definition, autostart and state are read, as far as the change
//! can touch them; to undo it is to bring back what differs. Whatever else has changed since is seen there too.

mod live;
mod plan;
mod store;

pub(super) use plan::Plan;

use uuid::Uuid;

use crate::error::{Error, Result};
use crate::libvirt::{Change, Coming, Connection, Domain, Effect, Network, NwFilter, StoragePool};
use crate::xml::Document;
use store::Store;

/// What of an object a change can touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Its stored definition, and whether it has one.
    Definition,
    /// Whether it starts with the host.
    Autostart,
    /// What it is while it runs.
    Live,
    /// Its name.
    Name,
}

use Part::{Autostart, Definition, Live, Name};

/// Every change that can be undone, where it is stored, and what is remembered before it.
static UNDOABLE: &[(&str, &Store, &[Part])] = &[
    ("domain.define", &store::GUESTS, &[Definition]),
    ("domain.undefine", &store::GUESTS, &[Definition, Autostart]),
    ("domain.rename", &store::GUESTS, &[Name]),
    ("domain.set_autostart", &store::GUESTS, &[Autostart]),
    ("domain.set_metadata", &store::GUESTS, &[Definition, Live]),
    ("domain.set_memory", &store::GUESTS, &[Definition, Live]),
    ("domain.set_max_memory", &store::GUESTS, &[Definition, Live]),
    ("domain.set_vcpus", &store::GUESTS, &[Definition, Live]),
    ("domain.attach_device", &store::GUESTS, &[Definition, Live]),
    ("domain.detach_device", &store::GUESTS, &[Definition, Live]),
    ("domain.detach_device_alias", &store::GUESTS, &[Definition, Live]),
    ("domain.update_device", &store::GUESTS, &[Definition, Live]),
    ("domain.set_lifecycle_action", &store::GUESTS, &[Definition, Live]),
    ("domain.set_memory_parameters", &store::GUESTS, &[Definition, Live]),
    ("domain.set_blkio_parameters", &store::GUESTS, &[Definition, Live]),
    ("domain.set_numa_parameters", &store::GUESTS, &[Definition, Live]),
    ("domain.set_scheduler_parameters", &store::GUESTS, &[Definition, Live]),
    ("domain.set_block_io_tune", &store::GUESTS, &[Definition, Live]),
    ("domain.set_interface_parameters", &store::GUESTS, &[Definition, Live]),
    ("network.define", &store::NETWORKS, &[Definition]),
    ("network.undefine", &store::NETWORKS, &[Definition, Autostart]),
    ("network.set_autostart", &store::NETWORKS, &[Autostart]),
    ("pool.define", &store::POOLS, &[Definition]),
    ("pool.undefine", &store::POOLS, &[Definition, Autostart]),
    ("pool.set_autostart", &store::POOLS, &[Autostart]),
    ("nwfilter.define", &store::FILTERS, &[Definition]),
    ("nwfilter.undefine", &store::FILTERS, &[Definition]),
];

/// An object as it was before a change; what was not asked for is absent.
#[derive(Clone)]
pub(super) struct Before {
    operation: &'static str,
    connection: Connection,
    store: &'static Store,
    /// Its UUID, or its name where that is all there is.
    key: String,
    parts: &'static [Part],
    definition: Option<String>,
    autostart: Option<bool>,
    live: Option<String>,
    name: Option<String>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Memory {
    /// The definition that the next change stores.
    given: Option<String>,
    /// What was there before the change that is being made.
    coming: Option<Before>,
    last: Last,
}

/// The last change that went well.
#[derive(Default)]
enum Last {
    #[default]
    None,
    Undoable(Before),
    /// One that has no inverse: what it was.
    Lasting(String),
}

impl Memory {
    /// Takes note of the definition that the next change stores.
    pub(super) fn given(&mut self, definition: &str) {
        self.given = Some(definition.to_owned());
    }

    /// Takes note of what a change would change; what cannot be read cannot be undone.
    pub(super) fn before(&mut self, coming: &Coming<'_>) {
        let given = self.given.take();
        self.coming = Before::read(coming, given.as_deref());
    }

    /// Hears how a change has ended.
    pub(super) fn after(&mut self, change: &Change<'_>) {
        let before = self.coming.take().filter(|before| before.operation == change.operation.name);
        if change.operation.effect != Effect::Read && change.outcome.is_ok() {
            let title = format!("{} {}", change.operation.name, change.object);
            self.last = before.map_or_else(|| Last::Lasting(title.trim_end().to_owned()), Last::Undoable);
        }
    }

    /// Returns how to undo the last change.
    ///
    /// Errors: `usage` where there was none, or none that has an inverse; those of reading what is there now.
    pub(super) fn plan(&self) -> Result<Plan> {
        match &self.last {
            Last::Undoable(before) => Plan::new(before),
            Last::Lasting(title) => Err(Error::usage(format!("`{title}` cannot be undone")).hint(
                "definitions, autostart, settings and devices can be put back; `:log` lists all changes",
            )),
            Last::None => Err(Error::usage("there is no change to undo")
                .hint("it takes back the last change that was made at this prompt")),
        }
    }

    /// Forgets the last change: it was undone.
    pub(super) fn forget(&mut self) {
        self.last = Last::None;
    }
}

impl Before {
    fn read(coming: &Coming<'_>, given: Option<&str>) -> Option<Self> {
        let known = UNDOABLE.iter().find(|(operation, ..)| *operation == coming.operation.name);
        let (operation, store, parts) = *known?;
        let key = key_of_handle(coming).or_else(|| key_of_definition(given?))?;
        let object = (store.find)(coming.connection, &key).ok()?;
        let mut before = Self {
            operation,
            connection: coming.connection.clone(),
            store,
            key,
            parts,
            definition: None,
            autostart: None,
            live: None,
            name: None,
        };
        let Some(object) = object else { return Some(before) };
        for part in parts {
            match part {
                Definition => before.definition = object.definition().ok()?,
                Autostart => before.autostart = object.autostart().ok(),
                Live => before.live = object.live().ok()?,
                Name => before.name = Some(object.name().ok()?),
            }
        }
        Some(before)
    }

    fn has(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

fn key_of_handle(coming: &Coming<'_>) -> Option<String> {
    let subject = coming.subject;
    subject
        .downcast_ref::<Domain>()
        .map(Domain::key)
        .or_else(|| subject.downcast_ref::<Network>().map(Network::key))
        .or_else(|| subject.downcast_ref::<StoragePool>().map(StoragePool::key))
        .or_else(|| subject.downcast_ref::<NwFilter>().map(NwFilter::key))
        .map(Uuid::to_string)
}

/// What the definition calls its object by; network filters have their name in an attribute.
fn key_of_definition(definition: &str) -> Option<String> {
    let document = Document::parse(definition).ok()?;
    ["uuid", "name", "@name"].iter().find_map(|path| document.text_at(path).ok()?)
}

#[cfg(test)]
mod tests;
