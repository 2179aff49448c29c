//! A host at a glance.

use rhai::Map;
use rhai::plugin::{Dynamic, export_module};

use crate::api::Fallible;
use crate::lang::natives::Natives;
use crate::libvirt::Connection;

pub(super) fn register(natives: &mut Natives) {
    natives.global(&connection_counts::RHAI_MANIFEST);
}

#[export_module(manifest)]
mod connection_counts {
    /// How many objects of each kind the host has (`virConnectNumOfDomains` and its relatives).
    ///
    /// A map by kind: `domains`, `networks`, `pools` and `interfaces` are `#{ active, inactive }`,
    /// `nwfilters`, `secrets` and `node_devices` are numbers. A kind that the driver does not have is
    /// absent. Nothing is listed, so it costs the same whatever the numbers.
    ///
    /// ```rhai
    /// print(`${conn().counts().domains.active} guests run`)
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn counts(connection: &mut Connection) -> Fallible<Map> {
        let mut map = Map::new();
        for (kind, count) in Connection::counts(connection)? {
            let number = |count: u32| Dynamic::from_int(i64::from(count));
            let Some(active) = count.active.map(number) else { continue };
            let value = if Connection::has_states(kind) {
                let inactive = count.inactive.map_or(Dynamic::UNIT, number);
                Map::from([("active".into(), active), ("inactive".into(), inactive)]).into()
            } else {
                active
            };
            map.insert(kind.into(), value);
        }
        Ok(map)
    }
}
