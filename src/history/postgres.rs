//! The store as a database of `PostgreSQL`: the tables stand in a schema of their own, `virhai`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use postgres::types::{ToSql, Type};
use postgres::{Client, Config, NoTls, Statement};

use super::backend::{Backend, Outcome, Row, Value, change};
use super::failure::Failure;
use super::schema;

/// How long a server may take to let us in, and how long a writer waits for others.
const PATIENCE: Duration = Duration::from_secs(10);
/// Two programs that make the tables take turns by this number.
const LOCK: i64 = 0x7669_7268;

/// See the module.
pub(super) struct Postgres {
    client: RefCell<Client>,
    statements: RefCell<HashMap<String, Statement>>,
}

impl Postgres {
    /// Opens a database, and makes the tables where there are none.
    pub(super) fn open(url: &str) -> Outcome<Self> {
        let store = Self::connect(url)?;
        if store.version()? != Some(schema::VERSION) {
            store.prepare()?;
        }
        Ok(store)
    }

    /// Opens a database; `None` where it has no tables of ours.
    pub(super) fn open_existing(url: &str) -> Outcome<Option<Self>> {
        let store = Self::connect(url)?;
        Ok(store.version()?.map(|_| store))
    }

    fn connect(url: &str) -> Outcome<Self> {
        let mut config: Config = url.parse()?;
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        // A server that is gone must not keep a run from its end.
        config.tcp_user_timeout(PATIENCE);
        config.application_name("virhai");
        let patience = PATIENCE.as_millis();
        let settings =
            format!("-c search_path=virhai -c lock_timeout={patience} -c client_min_messages=warning");
        let settings = config.get_options().map_or(settings.clone(), |given| format!("{given} {settings}"));
        config.options(&settings);
        Ok(Self { client: RefCell::new(config.connect(NoTls)?), statements: RefCell::default() })
    }

    fn number(&self, query: &str) -> Outcome<i64> {
        let mut number = 0;
        self.query(query, &[], &mut |row| {
            number = row.int(0)?;
            Ok(())
        })?;
        Ok(number)
    }

    /// The version of the tables, if there are any.
    fn version(&self) -> Outcome<Option<usize>> {
        let tables = self.number("SELECT count(*) FROM pg_tables WHERE schemaname = 'virhai'")?;
        if tables == 0 {
            return Ok(None);
        }
        let ours =
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'virhai' AND tablename = 'schema_version'";
        if self.number(ours)? == 0 {
            return Err(Failure::Foreign);
        }
        let version = self.number("SELECT version FROM schema_version")?;
        match usize::try_from(version) {
            Ok(version) if version <= schema::VERSION => Ok(Some(version)),
            _ => Err(Failure::Newer(version)),
        }
    }

    fn prepare(&self) -> Outcome<()> {
        change(self, || {
            self.batch(&format!("SELECT pg_advisory_xact_lock({LOCK})"))?;
            // Another program may have done it meanwhile.
            if self.version()? == Some(schema::VERSION) {
                return Ok(());
            }
            if self.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'virhai'")? == 0 {
                self.batch("CREATE SCHEMA virhai")?;
            }
            self.batch("CREATE TABLE schema_version (version BIGINT NOT NULL)")?;
            self.batch(&format!("INSERT INTO schema_version VALUES ({})", schema::VERSION))?;
            self.batch(&schema::for_postgres())
        })
    }

    fn statement(&self, text: &str) -> Outcome<Statement> {
        if let Some(statement) = self.statements.borrow().get(text) {
            return Ok(statement.clone());
        }
        let statement = self.client.borrow_mut().prepare(&text.replace('?', "$"))?;
        self.statements.borrow_mut().insert(text.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// A value in the type that a statement wants.
fn parameter(value: &Value, wanted: &Type) -> Box<dyn ToSql + Sync> {
    match value {
        Value::Int(number) => Box::new(*number),
        Value::Real(number) => Box::new(*number),
        // A text of the server has no NUL.
        Value::Text(text) => Box::new(text.replace('\0', "\u{fffd}")),
        Value::Null if *wanted == Type::FLOAT8 => Box::new(None::<f64>),
        Value::Null if *wanted == Type::INT8 => Box::new(None::<i64>),
        Value::Null => Box::new(None::<String>),
    }
}

fn parameters(statement: &Statement, values: &[Value]) -> Vec<Box<dyn ToSql + Sync>> {
    values.iter().zip(statement.params()).map(|(value, wanted)| parameter(value, wanted)).collect()
}

fn references(parameters: &[Box<dyn ToSql + Sync>]) -> Vec<&(dyn ToSql + Sync)> {
    parameters.iter().map(AsRef::as_ref).collect()
}

fn owned(row: &postgres::Row, place: usize) -> Outcome<Value> {
    let kind = row.columns()[place].type_();
    Ok(if *kind == Type::INT8 {
        row.try_get::<_, Option<i64>>(place)?.into()
    } else if *kind == Type::FLOAT8 {
        row.try_get::<_, Option<f64>>(place)?.map_or(Value::Null, Value::Real)
    } else {
        row.try_get::<_, Option<String>>(place)?.into()
    })
}

impl Backend for Postgres {
    fn execute(&self, statement: &str, values: &[Value]) -> Outcome<u64> {
        let statement = self.statement(statement)?;
        let values = parameters(&statement, values);
        Ok(self.client.borrow_mut().execute(&statement, &references(&values))?)
    }

    fn query(&self, query: &str, values: &[Value], each: &mut dyn FnMut(Row) -> Outcome<()>) -> Outcome<()> {
        let statement = self.statement(query)?;
        let values = parameters(&statement, values);
        for row in self.client.borrow_mut().query(&statement, &references(&values))? {
            let values: Outcome<Vec<Value>> = (0..row.len()).map(|place| owned(&row, place)).collect();
            each(Row(values?))?;
        }
        Ok(())
    }

    fn batch(&self, statements: &str) -> Outcome<()> {
        Ok(self.client.borrow_mut().batch_execute(statements)?)
    }

    fn begin(&self) -> Outcome<()> {
        self.batch("BEGIN")
    }

    fn pattern(&self, glob: &str) -> (&'static str, String) {
        let mut pattern = String::new();
        for letter in glob.chars() {
            match letter {
                '*' => pattern.push('%'),
                '%' | '_' | '\\' => pattern.extend(['\\', letter]),
                other => pattern.push(other),
            }
        }
        ("LIKE", pattern)
    }

    fn is_lost(&self) -> bool {
        self.client.borrow().is_closed()
    }
}
