//! Moving guests to another host while they run.

mod options;

use rhai::Map;
use rhai::plugin::{Dynamic, NativeCallContext, export_module};

use crate::api::subject::{named, of};
use crate::api::units::{duration, size};
use crate::api::{Fallible, connection, params};
use crate::error::{Error, Result};
use crate::lang::natives::Natives;
use crate::lang::options::{OptionTable, Parsed, flag};
use crate::libvirt::{Connection, Domain, Job, sys};
use options::{MIGRATE, migrate_options};

pub(super) fn register(natives: &mut Natives) {
    natives.global(&domain_migration::RHAI_MANIFEST);
}

pub(super) const OPTIONS: &[&OptionTable] = &[&MIGRATE, &SPEED, &SET_SPEED];

const POSTCOPY: crate::lang::options::OptionSpec =
    flag("postcopy", sys::VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY, "That of the post-copy phase.");

static SPEED: OptionTable = OptionTable { function: "Domain.migrate_max_speed", options: &[POSTCOPY] };

static SET_SPEED: OptionTable =
    OptionTable { function: "Domain.set_migrate_max_speed", options: &[POSTCOPY] };

/// Where a guest is moved to, and who does it.
enum Way {
    /// We move it between two connections of ours.
    Managed(Connection),
    /// Its host moves it.
    Unmanaged(String),
}

fn way(context: &NativeCallContext, destination: &Dynamic, options: &Parsed) -> Fallible<Way> {
    let unmanaged = options.flag("p2p") || options.flag("tunnelled") || options.flag("direct");
    if options.flag("direct") && (options.flag("p2p") || options.flag("tunnelled")) {
        return Err(Error::usage("`direct` excludes `p2p` and `tunnelled`").into());
    }
    if let Some(connection) = destination.read_lock::<Connection>() {
        return Ok(if unmanaged {
            Way::Unmanaged(connection.canonical_uri()?)
        } else {
            Way::Managed(connection.clone())
        });
    }
    let Ok(uri) = destination.clone().into_immutable_string() else {
        let error = Error::usage(format!(
            "a guest is migrated to a connection or to a URI, not to {}",
            destination.type_name()
        ));
        return Err(error.hint("connect(\"qemu+ssh://root@host/system\") makes a connection").into());
    };
    Ok(if unmanaged {
        Way::Unmanaged(uri.to_string())
    } else {
        Way::Managed(connection::open(context, uri.to_string(), false)?)
    })
}

fn migrate_to(
    context: &NativeCallContext,
    vm: &Domain,
    destination: &Dynamic,
    options: Map,
) -> Fallible<Job> {
    let options = MIGRATE.read(options)?;
    let given = migrate_options(&options)?;
    let job = match way(context, destination, &options)? {
        Way::Managed(connection) => vm.migrate(&connection, given),
        Way::Unmanaged(uri) => vm.migrate_to_uri(&uri, given),
    };
    Ok(job?)
}

fn set_speed(vm: &Domain, speed: &Dynamic, flags: u32) -> Result<()> {
    vm.set_migrate_max_speed(size(speed).map_err(of("domain.set_migrate_max_speed", vm))?, flags)
}

#[export_module(manifest)]
#[allow(clippy::needless_pass_by_value)]
mod domain_migration {
    /// Moves the guest to another host (`virDomainMigrate3`).
    ///
    /// The destination is a connection or a URI. Returns at once with the job that does it; once it is done,
    /// `job.result` is the guest at the destination. Without options the guest stands still meanwhile.
    ///
    /// Errors: `connect_failed` and its relatives when the URI cannot be opened; those of the job's `wait`:
    /// `operation_invalid` and `operation_failed` when the guest cannot be moved (then it stays where it is),
    /// `operation_aborted` after `job.abort()`, `unsafe_migrate` where `unsafe` is needed.
    ///
    /// ```rhai
    /// let there = connect("test:///default");
    /// let job = domain("test").migrate(there);
    /// try { job.wait() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw)]
    pub fn migrate(context: NativeCallContext, vm: Domain, destination: Dynamic) -> Fallible<Job> {
        named(migrate_to(&context, &vm, &destination, Map::new()), "domain.migrate", &vm)
    }

    /// Moves the guest to another host, with options (`virDomainMigrate3`, `virDomainMigrateToURI3`).
    ///
    /// With `p2p` or `tunnelled` the guest's host connects to the destination itself, and there is no `job.result`.
    /// Speeds are in bytes a second, sizes in bytes, times in seconds; levels and percents are numbers.
    ///
    /// Errors: as for `migrate(destination)`; `usage` for options that exclude each other.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// let job = vm.migrate(connect("test:///default"), #{ live: true, bandwidth: "100MiB", undefinesource: true });
    /// try {
    ///     if !job.wait("10m") { job.abort() }
    /// } catch (e) { print(`${e.code}: ${vm.state}`) }
    /// ```
    #[rhai_fn(name = "migrate", return_raw)]
    pub fn migrate_with(
        context: NativeCallContext,
        vm: Domain,
        destination: Dynamic,
        options: Map,
    ) -> Fallible<Job> {
        named(migrate_to(&context, &vm, &destination, options), "domain.migrate", &vm)
    }

    /// Bytes a second that a migration of the guest may send (`virDomainMigrateGetMaxSpeed`).
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").migrate_max_speed) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "migrate_max_speed", return_raw, pure)]
    pub fn get_migrate_max_speed(vm: &mut Domain) -> Fallible<i64> {
        Ok(params::to_i64(vm.migrate_max_speed(0)?))
    }

    /// Bytes a second that a phase of a migration may send (`virDomainMigrateGetMaxSpeed`).
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").migrate_max_speed(#{ postcopy: true })) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "migrate_max_speed", return_raw, pure)]
    pub fn migrate_max_speed_with(vm: &mut Domain, options: Map) -> Fallible<i64> {
        Ok(params::to_i64(vm.migrate_max_speed(SPEED.read(options)?.flags())?))
    }

    /// Sets the bytes a second that a migration may send (`virDomainMigrateSetMaxSpeed`).
    ///
    /// Also of a migration that goes on. The number is rounded up to MiB; texts such as `"100MiB"` are fine.
    ///
    /// Errors: `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.migrate_max_speed = "100MiB" } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "migrate_max_speed", name = "set_migrate_max_speed", return_raw)]
    pub fn set_migrate_max_speed(vm: &mut Domain, speed: Dynamic) -> Fallible<()> {
        Ok(set_speed(vm, &speed, 0)?)
    }

    /// Sets the bytes a second that a phase of a migration may send (`virDomainMigrateSetMaxSpeed`).
    ///
    /// Errors: `operation_invalid` for the post-copy phase when no migration goes on, `unsupported` where the driver
    /// cannot.
    ///
    /// ```rhai
    /// try { domain("test").set_migrate_max_speed("100MiB", #{ postcopy: true }) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(name = "set_migrate_max_speed", return_raw, pure)]
    pub fn set_migrate_max_speed_with(vm: &mut Domain, speed: Dynamic, options: Map) -> Fallible<()> {
        Ok(set_speed(vm, &speed, SET_SPEED.read(options)?.flags())?)
    }

    /// Seconds that the guest may stand still at the end of a migration (`virDomainMigrateGetMaxDowntime`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").migrate_max_downtime) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "migrate_max_downtime", return_raw, pure)]
    pub fn get_migrate_max_downtime(vm: &mut Domain) -> Fallible<f64> {
        Ok(vm.migrate_max_downtime()?.as_secs_f64())
    }

    /// Sets the seconds that the guest may stand still at the end (`virDomainMigrateSetMaxDowntime`).
    ///
    /// Also of a migration that goes on. Counted in milliseconds; texts such as `"300ms"` are fine.
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.migrate_max_downtime = "300ms" } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "migrate_max_downtime", name = "set_migrate_max_downtime", return_raw)]
    pub fn set_migrate_max_downtime(vm: &mut Domain, time: Dynamic) -> Fallible<()> {
        let time = duration(&time).map_err(of("domain.set_migrate_max_downtime", vm))?;
        Ok(vm.set_migrate_max_downtime(time)?)
    }

    /// Bytes that the compression of a migration may keep (`virDomainMigrateGetCompressionCache`).
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// try { print(domain("test").migrate_compression_cache) } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(get = "migrate_compression_cache", return_raw, pure)]
    pub fn get_migrate_compression_cache(vm: &mut Domain) -> Fallible<i64> {
        Ok(params::to_i64(vm.migrate_compression_cache()?))
    }

    /// Sets the bytes that the compression may keep (`virDomainMigrateSetCompressionCache`).
    ///
    /// The hypervisor rounds them down to a power of two; texts such as `"64MiB"` are fine.
    ///
    /// Errors: `operation_invalid` when the guest does not run, `unsupported` where the driver cannot.
    ///
    /// ```rhai
    /// let vm = domain("test");
    /// try { vm.migrate_compression_cache = "64MiB" } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(set = "migrate_compression_cache", name = "set_migrate_compression_cache", return_raw)]
    pub fn set_migrate_compression_cache(vm: &mut Domain, cache: Dynamic) -> Fallible<()> {
        let cache = size(&cache).map_err(of("domain.set_migrate_compression_cache", vm))?;
        Ok(vm.set_migrate_compression_cache(cache)?)
    }

    /// Changes a migration to post-copy: the guest goes on there (`virDomainMigrateStartPostCopy`).
    ///
    /// The rest of its memory follows. From then on it is lost when one of the hosts fails, and an abort leaves it paused.
    ///
    /// Errors: `operation_invalid` when no migration goes on or it was begun without `postcopy`, `unsupported` where the
    /// driver cannot.
    ///
    /// ```rhai
    /// try { domain("test").migrate_start_post_copy() } catch (e) { print(e.code) }
    /// ```
    #[rhai_fn(return_raw, pure)]
    pub fn migrate_start_post_copy(vm: &mut Domain) -> Fallible<()> {
        Ok(vm.migrate_start_post_copy()?)
    }
}
