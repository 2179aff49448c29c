//! What a driver lacks, said with the names of the driver and of the function.
//!
//! libvirt names the function only, and a daemon that is older than this libvirt answers that it
//! does not know the procedure, which would look like a broken transport.

use virt::connect::Connect;
use virt::sys;

use super::error_words::domain_word;
use super::failure::{Failure, Report};
use crate::error::{Error, code};

/// Makes a failed call that the driver or the daemon does not have say so; others stay as they are.
///
/// Called on the thread that may block: the name of a driver behind a daemon is asked for.
pub(super) fn explain(failure: Failure, connect: &Connect) -> Failure {
    let Failure::Libvirt(report) = failure else { return failure };
    if report.number as u32 == sys::VIR_ERR_NO_SUPPORT {
        return absent_in_driver(&driver(connect), &report).into();
    }
    if is_unknown_flag(&report) {
        return unknown_flag(&driver(connect), &report).into();
    }
    if is_unknown_procedure(&report) {
        return absent_in_daemon(&report).into();
    }
    Failure::Libvirt(report)
}

/// The driver's name as people write it: `qemu`, `test`, `esx`.
fn driver(connect: &Connect) -> String {
    connect.driver_type().map_or_else(|_| "connection's".into(), |name| name.to_lowercase())
}

/// True for what a driver answers to an option that it does not know: `unsupported flags (0x10) in function …`.
fn is_unknown_flag(report: &Report) -> bool {
    report.number as u32 == sys::VIR_ERR_INVALID_ARG && report.message.contains("unsupported flags (0x")
}

fn unknown_flag(driver: &str, report: &Report) -> Error {
    Error::new(code::UNSUPPORTED, format!("the {driver} driver does not know one of the options"))
        .domain(domain_word(report.domain))
        .libvirt(report.message.clone())
        .cause(report.message.clone())
        .hint("leave options out one by one: the cause names the bits that it refused")
}

/// True for what a daemon answers that was built before the call.
fn is_unknown_procedure(report: &Report) -> bool {
    report.number as u32 == sys::VIR_ERR_RPC && report.message.starts_with("unknown procedure")
}

/// The function that libvirt names at the end of its sentence.
fn function(message: &str) -> Option<&str> {
    let last = message.rsplit(' ').next()?;
    (last.starts_with("vir") && last.chars().all(|c| c.is_ascii_alphanumeric())).then_some(last)
}

fn absent_in_driver(driver: &str, report: &Report) -> Error {
    let message = match function(&report.message) {
        Some(function) => format!("the {driver} driver has no {function}"),
        // Part of a call: libvirt's own words say which.
        None => format!("the {driver} driver cannot do this: {}", report.message),
    };
    Error::new(code::UNSUPPORTED, message)
        .domain(domain_word(report.domain))
        .libvirt(report.message.clone())
        .cause(report.message.clone())
        .hint("conn().supports(NAME) tells beforehand what a driver has")
}

fn absent_in_daemon(report: &Report) -> Error {
    Error::new(code::UNSUPPORTED, "the daemon is too old: it does not know this call")
        .domain(domain_word(report.domain))
        .libvirt(report.message.clone())
        .cause(report.message.clone())
        .hint("conn().lib_version() tells the version of the daemon")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(number: u32, message: &str) -> Report {
        Report { number: number as i32, domain: sys::VIR_FROM_TEST as i32, message: message.into(), errno: 0 }
    }

    fn explained(number: u32, message: &str) -> Failure {
        explain(Failure::Libvirt(report(number, message)), &Connect::open(Some("test:///default")).unwrap())
    }

    #[test]
    fn a_call_that_the_driver_lacks_names_driver_and_function() {
        let failure = explained(
            sys::VIR_ERR_NO_SUPPORT,
            "this function is not supported by the connection driver: virDomainMigrateToURI3",
        );
        let error = Error::from(failure);
        assert_eq!(error.code(), code::UNSUPPORTED);
        assert_eq!(error.to_string(), "the test driver has no virDomainMigrateToURI3");
    }

    #[test]
    fn a_part_that_it_lacks_keeps_libvirts_words() {
        let error = Error::from(explained(sys::VIR_ERR_NO_SUPPORT, "snapshots of vda"));
        assert_eq!(error.to_string(), "the test driver cannot do this: snapshots of vda");
    }

    #[test]
    fn an_option_that_it_does_not_know_is_unsupported_too() {
        let message = "unsupported flags (0x10) in function testDomainSnapshotCreateXML";
        let error = Error::from(explained(sys::VIR_ERR_INVALID_ARG, message));
        assert_eq!(error.code(), code::UNSUPPORTED);
        assert_eq!(error.to_string(), "the test driver does not know one of the options");
        assert!(matches!(explained(sys::VIR_ERR_INVALID_ARG, "cpus"), Failure::Libvirt(_)));
    }

    #[test]
    fn an_older_daemon_is_not_a_broken_transport() {
        let error = Error::from(explained(sys::VIR_ERR_RPC, "unknown procedure: 450"));
        assert_eq!(error.code(), code::UNSUPPORTED);
        assert!(matches!(explained(sys::VIR_ERR_RPC, "packet too large"), Failure::Libvirt(_)));
    }
}
