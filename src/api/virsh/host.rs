//! Lists with every bit of virsh's filters, and numbers of the host that libvirt checks itself.

use rhai::plugin::{ImmutableString, NativeCallContext, export_module};
use rhai::{Array, Dynamic};

use super::bits;
use crate::api::{Context, Fallible};
use crate::error::{Error, Result};
use crate::libvirt::Connection;
use crate::libvirt::choices::{self, Choices};

/// A kind of object: the words that choose, and the call.
type Kind = (&'static str, Choices, fn(&Connection, u32) -> Result<Array>);

const KINDS: &[Kind] = &[
    ("networks", choices::NETWORKS, |c, flags| Ok(handles(c.networks(flags)?))),
    ("interfaces", choices::INTERFACES, |c, flags| Ok(handles(c.interfaces(flags)?))),
    ("node_devices", choices::NODE_DEVICES, |c, flags| Ok(handles(c.node_devices(flags)?))),
    ("pools", choices::POOLS, |c, flags| Ok(handles(c.pools(flags)?))),
    ("secrets", choices::SECRETS, |c, flags| Ok(handles(c.secrets(flags)?))),
];

fn handles<T: Clone + Send + Sync + 'static>(list: Vec<T>) -> Array {
    list.into_iter().map(Dynamic::from).collect()
}

fn whole(number: u64) -> Dynamic {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

fn pairs(stats: Vec<(String, u64)>) -> Array {
    let pair = |(name, value): (String, u64)| -> Dynamic { Array::from([name.into(), whole(value)]).into() };
    stats.into_iter().map(pair).collect()
}

#[export_module(manifest)]
pub(super) mod host_functions {
    /// The objects of a kind that these words choose.
    ///
    /// The kinds are `networks`, `interfaces`, `node_devices`, `pools` and `secrets`; each word is one bit of the call, so both
    /// of a pair may be given.
    ///
    /// Errors: libvirt's own; `usage` for a word that is not known.
    ///
    /// ```rhai
    /// print(vsh::list("networks", ["active", "inactive"]));
    /// ```
    #[rhai_fn(return_raw)]
    pub fn list(context: NativeCallContext, kind: ImmutableString, words: Array) -> Fallible<Array> {
        let found = KINDS.iter().find(|(name, ..)| *name == kind);
        let (_, table, list) = found.ok_or_else(|| Error::usage(format!("there is no list of {kind}")))?;
        Ok(list(&Context::of(&context)?.connection(), bits(&words, &[table])?)?)
    }

    /// Free memory of one NUMA node in bytes, whatever its number.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { print(vsh::cell_free_memory(0)) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cell_free_memory(context: NativeCallContext, cell: i64) -> Fallible<Array> {
        let connection = Context::of(&context)?.connection();
        Ok(connection.cell_free_memory(cell as i32)?.into_iter().map(super::whole).collect())
    }

    /// Free pages of these sizes (in KiB) on a NUMA node, whatever its number.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { print(vsh::free_pages([4], 0)) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn free_pages(context: NativeCallContext, sizes: Array, cell: i64) -> Fallible<Array> {
        let kib = |size: &Dynamic| size.as_int().unwrap_or_default().unsigned_abs() << 10;
        let sizes: Vec<u64> = sizes.iter().map(kib).collect();
        let counts = Context::of(&context)?.connection().free_pages(&sizes, cell as u32)?;
        Ok(counts.into_iter().map(super::whole).collect())
    }

    /// What a CPU of the host has done, -1 for all of them, as pairs of name and nanoseconds.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { print(vsh::cpu_stats(-1)) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cpu_stats(context: NativeCallContext, cpu: i64) -> Fallible<Array> {
        Ok(super::pairs(Context::of(&context)?.connection().cpu_stats(Some(cpu as i32))?))
    }

    /// The memory of a NUMA node, -1 for the whole host, as pairs of name and number in KiB.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// try { print(vsh::cell_memory_stats(-1)) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cell_memory_stats(context: NativeCallContext, cell: i64) -> Fallible<Array> {
        Ok(super::pairs(Context::of(&context)?.connection().memory_stats(Some(cell as i32))?))
    }

    /// The CPU models that libvirt knows for an architecture.
    ///
    /// Errors: libvirt's own.
    ///
    /// ```rhai
    /// print(vsh::cpu_models("x86_64").len());
    /// ```
    #[rhai_fn(return_raw)]
    pub fn cpu_models(context: NativeCallContext, arch: ImmutableString) -> Fallible<Array> {
        let models = Context::of(&context)?.connection().cpu_models(&arch)?;
        Ok(models.into_iter().map(Into::into).collect())
    }
}
