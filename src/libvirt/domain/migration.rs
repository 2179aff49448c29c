//! Moving guests to another host while they run, and the settings of that.

mod escort;

use std::os::raw::{c_uint, c_ulong, c_ulonglong};
use std::sync::Arc;
use std::time::Duration;

use virt::sys;

use super::Domain;
use crate::error::{Error, Result, code};
use crate::libvirt::Connection;
use crate::libvirt::connection::Live;
use crate::libvirt::door::{Operation, change, read};
use crate::libvirt::failure::{Failure, Outcome, Report, check};
use crate::libvirt::handle::{Found, Handle};
use crate::libvirt::job::{Job, Product};
use crate::libvirt::typed_params::{Params, ParamsBuffer, c_text};
use crate::libvirt::unsupported;

pub use escort::{Escort, Late};

const MIGRATE: Operation = change("domain.migrate");

/// libvirt counts the speed of a migration in these.
const MIB: u64 = 1 << 20;

/// How a guest is moved.
#[derive(Clone, Debug, Default)]
pub struct MigrateOptions {
    /// `VIR_MIGRATE_PARAM_*`, in libvirt's units
    pub params: Params,
    /// `VIR_MIGRATE_*`
    pub flags: u32,
    /// what is done while it goes on
    pub escort: Escort,
}

impl Domain {
    /// Moves it to a host that we are connected to (`virDomainMigrate3`). The job makes the guest there.
    pub fn migrate(&self, destination: &Connection, options: MigrateOptions) -> Result<Job> {
        let MigrateOptions { params, flags, escort } = options;
        let there = destination.opened().map_err(|e| e.operation("domain.migrate").object(self.label()))?;
        let destination = destination.clone();
        self.accompanied(escort, move |here, d| {
            let mut params = ParamsBuffer::new(&params)?;
            let count = params.len() as c_uint;
            // SAFETY: a live domain, a live connection, and a valid array of its own length.
            let moved = unsafe {
                let there = there.connect().as_ptr();
                sys::virDomainMigrate3(d.as_ptr(), there, params.as_mut_ptr(), count, flags)
            };
            if moved.is_null() {
                return Err(explained(Report::last(), here, Some((&there, &destination)), d));
            }
            // SAFETY: a fresh domain of the destination whose one reference is ours.
            let found = Found::new(&there, unsafe { virt::domain::Domain::from_ptr(moved) })?;
            Ok(Some(Product::Domain(Handle::new(&destination, found))))
        })
    }

    /// Lets its host move it to a URI (`virDomainMigrateToURI3`): peer to peer, or as the hypervisor
    /// itself does it.
    pub fn migrate_to_uri(&self, uri: &str, options: MigrateOptions) -> Result<Job> {
        let MigrateOptions { params, flags, escort } = options;
        let uri = c_text("a URI", uri)?;
        self.accompanied(escort, move |here, d| {
            let mut params = ParamsBuffer::new(&params)?;
            let count = params.len() as c_uint;
            // SAFETY: a live domain, a NUL-terminated text, and a valid array of its own length.
            let answer = unsafe {
                sys::virDomainMigrateToURI3(d.as_ptr(), uri.as_ptr(), params.as_mut_ptr(), count, flags)
            };
            if answer < 0 { Err(explained(Report::last(), here, None, d)) } else { Ok(None) }
        })
    }

    /// Begins a migration with its escort, which has to be ready before: what has begun must have a job.
    fn accompanied(
        &self,
        escort: Escort,
        migrate: impl FnOnce(&Live, &virt::domain::Domain) -> Outcome<Option<Product>> + Send + 'static,
    ) -> Result<Job> {
        let escort = escort.start(self).map_err(|e| e.object(self.label()))?;
        let call = self.call_apart(MIGRATE, migrate)?;
        escort.accompany(&call);
        Ok(self.job(MIGRATE, sys::VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT, call))
    }

    /// Bytes a second that a migration may send (`virDomainMigrateGetMaxSpeed`); `flags` are
    /// `VIR_DOMAIN_MIGRATE_MAX_SPEED_*` bits.
    pub fn migrate_max_speed(&self, flags: u32) -> Result<u64> {
        self.call(read("domain.migrate_max_speed"), move |d| {
            let mut speed: c_ulong = 0;
            // SAFETY: a live domain and a number to write to.
            check(unsafe { sys::virDomainMigrateGetMaxSpeed(d.as_ptr(), &raw mut speed, flags) })?;
            Ok(speed.saturating_mul(MIB))
        })
    }

    /// Sets the bytes a second that a migration may send, rounded up to MiB
    /// (`virDomainMigrateSetMaxSpeed`).
    pub fn set_migrate_max_speed(&self, bytes: u64, flags: u32) -> Result<()> {
        self.call(change("domain.set_migrate_max_speed"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainMigrateSetMaxSpeed(d.as_ptr(), mib(bytes), flags) }).map(drop)
        })
    }

    /// How long it may stand still at the end of a migration (`virDomainMigrateGetMaxDowntime`).
    pub fn migrate_max_downtime(&self) -> Result<Duration> {
        self.call(read("domain.migrate_max_downtime"), |d| {
            let mut milliseconds: c_ulonglong = 0;
            // SAFETY: a live domain and a number to write to.
            check(unsafe { sys::virDomainMigrateGetMaxDowntime(d.as_ptr(), &raw mut milliseconds, 0) })?;
            Ok(Duration::from_millis(milliseconds))
        })
    }

    /// Sets how long it may stand still at the end of a migration, in whole milliseconds
    /// (`virDomainMigrateSetMaxDowntime`).
    pub fn set_migrate_max_downtime(&self, time: Duration) -> Result<()> {
        let milliseconds = c_ulonglong::try_from(time.as_millis()).unwrap_or(c_ulonglong::MAX);
        self.call(change("domain.set_migrate_max_downtime"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainMigrateSetMaxDowntime(d.as_ptr(), milliseconds, 0) }).map(drop)
        })
    }

    /// Bytes that the compression of a migration may keep (`virDomainMigrateGetCompressionCache`).
    pub fn migrate_compression_cache(&self) -> Result<u64> {
        self.call(read("domain.migrate_compression_cache"), |d| {
            let mut bytes: c_ulonglong = 0;
            // SAFETY: a live domain and a number to write to.
            check(unsafe { sys::virDomainMigrateGetCompressionCache(d.as_ptr(), &raw mut bytes, 0) })?;
            Ok(bytes)
        })
    }

    /// Sets the bytes that the compression of a migration may keep
    /// (`virDomainMigrateSetCompressionCache`).
    pub fn set_migrate_compression_cache(&self, bytes: u64) -> Result<()> {
        self.call(change("domain.set_migrate_compression_cache"), move |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainMigrateSetCompressionCache(d.as_ptr(), bytes, 0) }).map(drop)
        })
    }

    /// Lets the guest run at the destination from now on; the rest of its memory follows
    /// (`virDomainMigrateStartPostCopy`).
    pub fn migrate_start_post_copy(&self) -> Result<()> {
        self.call(change("domain.migrate_start_post_copy"), |d| {
            // SAFETY: a live domain.
            check(unsafe { sys::virDomainMigrateStartPostCopy(d.as_ptr(), 0) }).map(drop)
        })
    }
}

/// Bytes as libvirt's MiB, rounded up.
pub(super) fn mib(bytes: u64) -> c_ulong {
    bytes.div_ceil(MIB)
}

/// Says where the guest is after a migration that failed, and which of the connections was lost.
fn explained(
    report: Report,
    here: &Live,
    there: Option<(&Arc<Live>, &Connection)>,
    d: &virt::domain::Domain,
) -> Failure {
    if here.is_lost() {
        return Failure::Libvirt(report);
    }
    let error = match there.filter(|(live, _)| live.is_lost()) {
        None => unsupported::explain(Failure::Libvirt(report), here.connect()).into(),
        Some((_, lost)) => Error::new(
            code::DISCONNECTED,
            format!("the connection to the destination {} was lost: {}", lost.uri(), report.message),
        )
        .libvirt(report.message.clone())
        .cause(report.message),
    };
    let (mut state, mut reason) = (0, 0);
    // SAFETY: a live domain and two integers to write to.
    let told = unsafe { sys::virDomainGetState(d.as_ptr(), &raw mut state, &raw mut reason, 0) };
    Failure::Own(match (told, u32::try_from(state)) {
        (0.., Ok(sys::VIR_DOMAIN_RUNNING)) => error.hint("the guest is still running where it was"),
        (0.., Ok(sys::VIR_DOMAIN_PAUSED)) => {
            error.hint("the guest is paused where it was: look at vm.state_reason before vm.resume()")
        }
        (0.., _) => error,
        _ => error.hint("the guest is not where it was any more: look for it at the destination"),
    })
}
