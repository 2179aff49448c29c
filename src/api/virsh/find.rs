//! Looking objects up as virsh does: one call, and libvirt's own error.

use rhai::plugin::{Dynamic, ImmutableString, NativeCallContext, export_module};

use crate::api::{Context, Fallible};
use crate::error::{Error, Result};
use crate::libvirt::Connection;

/// A way to find an object: its kind, by what it is found, and the call.
type Way = (&'static str, &'static str, fn(&Connection, &str) -> Result<Dynamic>);

const WAYS: &[Way] = &[
    ("domain", "id", |c, text| {
        let id = text.parse().map_err(|_| Error::usage(format!("{text:?} is no number")))?;
        c.domain_by_id(id).map(Dynamic::from)
    }),
    ("domain", "name", |c, text| c.domain_by_name(text).map(Dynamic::from)),
    ("domain", "uuid", |c, text| c.domain_by_uuid(text).map(Dynamic::from)),
    ("interface", "mac", |c, text| c.interface_by_mac(text).map(Dynamic::from)),
    ("interface", "name", |c, text| c.interface_by_name(text).map(Dynamic::from)),
    ("network", "name", |c, text| c.network_by_name(text).map(Dynamic::from)),
    ("network", "uuid", |c, text| c.network_by_uuid(text).map(Dynamic::from)),
    ("node_device", "name", |c, text| c.node_device_by_name(text).map(Dynamic::from)),
    ("nwfilter", "name", |c, text| c.nwfilter_by_name(text).map(Dynamic::from)),
    ("nwfilter", "uuid", |c, text| c.nwfilter_by_uuid(text).map(Dynamic::from)),
    ("pool", "name", |c, text| c.pool_by_name(text).map(Dynamic::from)),
    ("pool", "uuid", |c, text| c.pool_by_uuid(text).map(Dynamic::from)),
    ("secret", "uuid", |c, text| c.secret_by_uuid(text).map(Dynamic::from)),
    ("volume", "key", |c, text| c.volume_by_key(text).map(Dynamic::from)),
    ("volume", "path", |c, text| c.volume_by_path(text).map(Dynamic::from)),
];

#[export_module(manifest)]
pub(super) mod find_functions {
    /// Finds an object of the default connection with one call.
    ///
    /// `kind` is `domain`, `network`, `pool` and so on; `by` is `name`, `uuid`, `mac`, `key`, `path` or `id`.
    ///
    /// Errors: libvirt's own; `usage` for a kind that is not found so.
    ///
    /// ```rhai
    /// print(vsh::find("network", "name", "default"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn find(
        context: NativeCallContext,
        kind: ImmutableString,
        by: ImmutableString,
        text: ImmutableString,
    ) -> Fallible<Dynamic> {
        let way = WAYS.iter().find(|way| way.0 == kind && way.1 == by);
        let (_, _, find) = way.ok_or_else(|| Error::usage(format!("a {kind} is not found by {by}")))?;
        Ok(find(&Context::of(&context)?.connection(), &text)?)
    }

    /// How many objects of a kind the default connection has, with one call.
    ///
    /// The kinds are `networks`, `defined_networks`, `pools`, `interfaces`, `nwfilters`, `secrets`, `node_devices` and so on.
    ///
    /// Errors: libvirt's own, also where the driver cannot count them; `usage` for a kind that does not exist.
    ///
    /// ```rhai
    /// print(vsh::count("networks"));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn count(context: NativeCallContext, kind: ImmutableString) -> Fallible<i64> {
        Ok(Context::of(&context)?.connection().count(&kind)?.into())
    }
}
