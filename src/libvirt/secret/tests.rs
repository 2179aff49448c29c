//! libvirt's secret driver runs in this process with a folder of its own. A process can open it
//! once, so all of it is one test. Undefining and private values are left to a daemon: in a process,
//! libvirt 9.0.0 crashes and knows nobody.

use std::sync::Arc;

use super::*;
use crate::error::code;
use crate::libvirt::Door;

const CEPH: &str = "<secret><usage type='ceph'><name>client.admin</name></usage></secret>";

#[test]
fn secrets_are_kept_and_given_out() {
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("secret:///embed?root={}", folder.path().display());
    let connection = Connection::new(Some(uri), false, Arc::<Door>::default());
    a_secret_is_defined_and_found(&connection);
    a_value_comes_back_byte_by_byte(&connection);
}

fn a_secret_is_defined_and_found(connection: &Connection) {
    let secret = connection.define_secret(CEPH, 0).unwrap();
    assert_eq!(secret.label(), "client.admin");
    let ceph = (sys::VIR_SECRET_USAGE_TYPE_CEPH, "client.admin".to_owned());
    assert_eq!([secret.usage().unwrap(), secret.usage().unwrap()], [ceph.clone(), ceph]);
    assert!(secret.is_same(&connection.secret_by_uuid(&secret.key().to_string()).unwrap()));
    let by_usage = connection.secret_by_usage(sys::VIR_SECRET_USAGE_TYPE_CEPH, "client.admin").unwrap();
    assert!(secret.is_same(&by_usage));
    assert_eq!(connection.secrets(sys::VIR_CONNECT_LIST_SECRETS_NO_PRIVATE).unwrap().len(), 1);
    assert_eq!(connection.secrets(sys::VIR_CONNECT_LIST_SECRETS_PRIVATE).unwrap().len(), 0);
    let error = connection.secret_by_usage(sys::VIR_SECRET_USAGE_TYPE_TLS, "x").err().unwrap();
    assert_eq!((error.code(), error.facts().object.as_deref()), ("no_secret", Some("x")));
}

fn a_value_comes_back_byte_by_byte(connection: &Connection) {
    let secret = connection.define_secret("<secret/>", 0).unwrap();
    assert_eq!(secret.label(), secret.key().to_string(), "it is for nothing in particular");
    let error = secret.value().err().unwrap();
    assert_eq!(error.code(), "no_secret");
    assert!(error.facts().hint.as_deref().unwrap_or_default().contains("set_value"));
    for bytes in [&b"hunter2"[..], b"a\0b\xff", &[7; 5000]] {
        secret.set_value(SecretValue::new(bytes)).unwrap();
        assert_eq!(secret.value().unwrap().bytes(), bytes);
    }
    assert!(!secret.xml().unwrap().contains("hunter2"));
}

#[test]
fn a_nul_is_refused_before_it_reaches_c() {
    let connection = Connection::new(Some("test:///default".into()), false, Arc::<Door>::default());
    let refused = [
        connection.define_secret("a\0b", 0).err(),
        connection.secret_by_uuid("a\0b").err(),
        connection.secret_by_usage(1, "a\0b").err(),
    ];
    for error in refused {
        assert_eq!(error.unwrap().code(), code::USAGE);
    }
}
