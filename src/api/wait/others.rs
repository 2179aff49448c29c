//! `wait` on networks and storage pools.

use super::watch::{Goal, Heard};
use crate::api::{Fallible, words};
use crate::error::{Error, Result};
use crate::lang::suggest::nearest;
use crate::libvirt::events::{Event, Kind, kinds};
use crate::libvirt::{Network, StoragePool};

/// The states of a network.
const NETWORK_STATES: [&str; 2] = ["active", "inactive"];

/// A state of an object that is no guest.
pub(super) struct State<'a> {
    kind: &'static str,
    wanted: String,
    /// its state now, in words; it may have several
    now: Box<dyn Fn() -> Result<Vec<String>> + 'a>,
}

impl<'a> State<'a> {
    pub(super) fn of_network(network: &'a Network, wanted: &str) -> Fallible<Box<dyn Goal + 'a>> {
        check(wanted, &NETWORK_STATES, "network")?;
        let now = Box::new(|| Ok(vec![NETWORK_STATES[usize::from(!network.is_active()?)].to_owned()]));
        Ok(Box::new(Self { kind: "network_lifecycle", wanted: wanted.into(), now }))
    }

    pub(super) fn of_pool(pool: &'a StoragePool, wanted: &str) -> Fallible<Box<dyn Goal + 'a>> {
        let states = [words::POOL_STATES, &["active"]].concat();
        check(wanted, &states, "storage pool")?;
        let now = Box::new(|| {
            let state = words::word(words::POOL_STATES, pool.info()?.state as i32).into_owned();
            let active = pool.is_active()?.then(|| "active".to_owned());
            Ok([Some(state), active].into_iter().flatten().collect())
        });
        Ok(Box::new(Self { kind: "pool_lifecycle", wanted: wanted.into(), now }))
    }
}

fn check(wanted: &str, states: &[&str], what: &str) -> Result<()> {
    if states.contains(&wanted) {
        return Ok(());
    }
    let hint = match nearest(wanted, states.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("its states are {}", states.join(", ")),
    };
    Err(Error::usage(format!("{wanted:?} is not a state of a {what}")).hint(hint))
}

impl Goal for State<'_> {
    fn kinds(&self) -> Vec<&'static Kind> {
        kinds().filter(|kind| kind.name == self.kind).collect()
    }

    fn look(&self) -> Fallible<bool> {
        match (self.now)() {
            Ok(states) => Ok(states.contains(&self.wanted)),
            // One without a stored definition is gone when it stops.
            Err(error)
                if self.wanted == "inactive" && ["no_network", "no_storage_pool"].contains(&error.code()) =>
            {
                Ok(true)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn hear(&self, _: &Event) -> Fallible<Heard> {
        Ok(Heard::Perhaps)
    }
}
