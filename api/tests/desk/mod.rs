//! A desk: the real server on a database of its own, tokens for whoever sits there, a clock that can be moved.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use api::caller::{Caller, Role, mint};
use api::settings::{JwtKeys, Raw, Settings};
use api::state::{State, context};
use api::{database, graphql, onboarding, server};
use entities::chance::SystemChance;
use entities::clock::{At, Clock, MovableClock};
use entities::ids::{ConnectionId, GrantId, LinkId, RunId, TenantId};
use entities::sealed::MasterKeys;
use entities::{connection, consent, grant, link, run};
use futures::{Stream, StreamExt};
use reqwest::StatusCode;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, IntoActiveModel};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SECRET: &str = "a development secret of many characters";
const TOKEN_LIVES: Duration = Duration::from_secs(24 * 3600);

pub struct Desk {
    pub state: State,
    pub clock: Arc<MovableClock>,
    base: String,
    server: ServerHandle,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

impl Drop for Desk {
    fn drop(&mut self) {
        // Nobody waits for it: the runtime ends with the test.
        drop(self.server.stop(false));
    }
}

impl Desk {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// As it is when the world reaches it. The staff's keys stay the shared ones: only their kind is checked at the start.
    pub async fn public() -> Self {
        Self::with(|settings| settings.public_url = "https://connect.example.com".parse().unwrap()).await
    }

    async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("c.db").display());
        let pairs = [
            ("DATABASE_URL", url.clone()),
            ("PUBLIC_URL", base.clone()),
            ("SMTP_URL", "memory:".to_owned()),
            ("MASTER_KEYS", MasterKeys::generate("k1", &SystemChance)),
            ("JWT_KEYS", format!("secret:{SECRET}")),
            ("XERO_CLIENT_ID", "x".to_owned()),
            ("XERO_CLIENT_SECRET", "x".to_owned()),
            ("ZOHO_CLIENT_ID", "z".to_owned()),
            ("ZOHO_CLIENT_SECRET", "z".to_owned()),
        ];
        let raw = Raw::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value)));
        let mut settings = Settings::check(&raw).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(matches!(settings.jwt_keys, JwtKeys::Secret(_)));
        change(&mut settings);
        let pool = database::open_current(&url, true).await.unwrap();
        let clock = Arc::new(MovableClock::default());
        let context = context(&settings, pool, clock.clone(), Arc::new(SystemChance));
        let state = State::new(context, settings).await.unwrap();
        let (server, _) = server::start(state.clone(), listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { state, clock, base, server: handle, http: reqwest::Client::new(), _folder: folder }
    }

    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What goes into `Authorization`.
    pub fn token(&self, role: Role, only: Option<TenantId>) -> String {
        let caller = self.caller(role, only);
        format!("Bearer {}", mint(SECRET.as_bytes(), "cpconnect", "cpconnect", &caller).unwrap())
    }

    fn caller(&self, role: Role, only: Option<TenantId>) -> Caller {
        let until = self.clock.now().plus(TOKEN_LIVES);
        Caller { subject: "ann".to_owned(), role, tenants: only.map(|tenant| [tenant].into()), until }
    }

    /// A question that is understood, whatever its answer.
    pub async fn ask(&self, role: Role, question: &str, variables: Value) -> Value {
        let (status, answer) = self.ask_as(Some(&self.token(role, None)), question, variables).await;
        assert_eq!(status, StatusCode::OK, "{question}: {answer}");
        answer
    }

    pub async fn ask_as(&self, token: Option<&str>, question: &str, variables: Value) -> (StatusCode, Value) {
        let body = json!({ "query": question, "variables": variables }).to_string();
        self.post(&body, "application/json", token).await
    }

    pub async fn post(&self, body: &str, kind: &str, token: Option<&str>) -> (StatusCode, Value) {
        let mut request = self.http.post(self.at("/graphql")).header("content-type", kind).body(body.to_owned());
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    /// Fails unless the answer has no errors.
    pub fn state_of(&self, answer: &Value) {
        assert!(answer["errors"].is_null(), "{answer}");
    }

    pub async fn tenant(&self, name: &str) -> TenantId {
        let newcomer = onboarding::Newcomer::parse(name, "ada@example.com", "nz", &["books".into()]).unwrap();
        onboarding::onboard(&self.state, newcomer, &jobs::audit::Author::worker()).await.unwrap().id
    }

    /// `xero open`, …, sorted.
    pub async fn consents(&self, tenant: TenantId) -> Vec<String> {
        let rows = consent::Entity::of(tenant).all(&self.state.database).await.unwrap();
        let mut list: Vec<_> = rows.into_iter().map(|row| format!("{} {}", row.provider, row.state)).collect();
        list.sort();
        list
    }

    /// A link that is being prepared, with a run that works: as rows, nobody carries anything.
    pub async fn run(&self, tenant: TenantId) -> (LinkId, RunId) {
        let (clock, chance, database) = (self.clock.as_ref(), self.state.chance.as_ref(), &self.state.database);
        let now = clock.now();
        let (xero, zoho) = (self.connection(tenant, "xero").await, self.connection(tenant, "zoho").await);
        let link = link::ActiveModel {
            tenant_id: Set(tenant),
            id: Set(LinkId::new(clock, chance)),
            key: Set(tenant.to_string()),
            xero_connection_id: Set(xero),
            zoho_connection_id: Set(zoho),
            product: Set("books".to_owned()),
            state: Set("provisioning".to_owned()),
            rest_reason: Set(None),
            create_missing: Set(false),
            scope: Set(None),
            one_way: Set(false),
            sync_every_minutes: Set(None),
            on_conflict: Set(None),
            default_account: Set(None),
            creates_items: Set(false),
            native_wish: Set(None),
            native_found: Set(None),
            native_at: Set(None),
            fence: Set(0),
            misses: Set(0),
            slice_owner: Set(None),
            slice_until: Set(None),
            next_at: Set(now),
            created_at: Set(now),
        };
        let link = link.insert(database).await.unwrap();
        let run = run::ActiveModel {
            tenant_id: Set(tenant),
            id: Set(RunId::new(clock, chance)),
            link_id: Set(link.id),
            kind: Set("migration".to_owned()),
            state: Set("working".to_owned()),
            stage: Set("starting".to_owned()),
            passes: Set(0),
            requested_by: Set("ann".to_owned()),
            created_at: Set(now),
            ..Default::default()
        };
        (link.id, run.insert(database).await.unwrap().id)
    }

    pub async fn set_link(&self, tenant: TenantId, state: &str) {
        let mut row = link::Entity::of(tenant).one(&self.state.database).await.unwrap().unwrap().into_active_model();
        row.state = Set(state.to_owned());
        row.update(&self.state.database).await.unwrap();
    }

    async fn connection(&self, tenant: TenantId, provider: &str) -> ConnectionId {
        let (clock, chance, database) = (self.clock.as_ref(), self.state.chance.as_ref(), &self.state.database);
        let now = clock.now();
        let text = || Set(String::new());
        let grant = grant::ActiveModel {
            tenant_id: Set(tenant),
            id: Set(GrantId::new(clock, chance)),
            provider: Set(provider.to_owned()),
            data_centre: text(),
            subject: text(),
            event: text(),
            scopes: text(),
            api_base: text(),
            refresh: Set(Vec::new()),
            access: Set(Vec::new()),
            access_until: Set(At(0)),
            generation: Set(0),
            lease_epoch: Set(0),
            state: Set("live".to_owned()),
            created_at: Set(now),
            refreshed_at: Set(now),
            ..Default::default()
        };
        let grant = grant.insert(database).await.unwrap();
        let connection = connection::ActiveModel {
            tenant_id: Set(tenant),
            id: Set(ConnectionId::new(clock, chance)),
            grant_id: Set(grant.id),
            provider: Set(provider.to_owned()),
            organisation_id: text(),
            name: text(),
            api_base: text(),
            web_base: text(),
            currency: text(),
            country: text(),
            short_code: text(),
            price_precision: Set(2),
            currency_id: text(),
            plan: text(),
            products: Set("books".to_owned()),
            state: Set("live".to_owned()),
            connected_at: Set(now),
        };
        connection.insert(database).await.unwrap().id
    }

    /// The states that a subscription tells.
    pub fn follow(&self, run: &str) -> Pin<Box<dyn Stream<Item = String>>> {
        let question = "subscription($id: ID!) { runProgress(runId: $id) { state } }";
        let variables = async_graphql::Variables::from_json(json!({ "id": run }));
        let request = async_graphql::Request::new(question).variables(variables).data(self.caller(Role::Viewer, None));
        let schema = graphql::schema(self.state.clone());
        let told = schema.execute_stream(request).map(|response| {
            assert!(response.errors.is_empty(), "{:?}", response.errors);
            response.data.into_json().unwrap()["runProgress"]["state"].as_str().unwrap().to_owned()
        });
        Box::pin(told)
    }

    /// A WebSocket, opened by somebody who has said nothing yet.
    pub async fn socket(&self) -> TcpStream {
        let mut socket = TcpStream::connect(self.base.strip_prefix("http://").unwrap()).await.unwrap();
        let hello = "GET /graphql/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n";
        socket.write_all(hello.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        socket
    }

    /// One message of the GraphQL protocol; masked with zeros, as a client must mask.
    pub async fn say(&self, socket: &mut TcpStream, message: &Value) {
        let text = message.to_string();
        let length = u16::try_from(text.len()).unwrap().to_be_bytes();
        socket.write_all(&[0x81, 0x80 | 126, length[0], length[1], 0, 0, 0, 0]).await.unwrap();
        socket.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next message; signs of life are passed over.
    pub async fn hear(&self, socket: &mut TcpStream) -> Value {
        loop {
            let kind = socket.read_u8().await.unwrap();
            let length = match socket.read_u8().await.unwrap() {
                126 => usize::from(socket.read_u16().await.unwrap()),
                length => usize::from(length),
            };
            let mut body = vec![0; length];
            socket.read_exact(&mut body).await.unwrap();
            match kind {
                0x81 => return serde_json::from_slice(&body).unwrap(),
                0x88 => panic!("closed: {}", String::from_utf8_lossy(&body)),
                _ => {}
            }
        }
    }

    /// What a question comes to whose caller was checked that long ago, as on an open socket.
    pub async fn on_a_socket_after(&self, wait: Duration) -> Result<(), String> {
        let until = self.clock.now().plus(TOKEN_LIVES).minus(wait);
        let caller = Caller { until, ..self.caller(Role::Admin, None) };
        let request = async_graphql::Request::new("{ tenants(first: 1) { nodes { id } } }").data(caller);
        let answer = graphql::schema(self.state.clone()).execute(request).await;
        let code = answer.errors.first().and_then(|error| error.extensions.as_ref()?.get("code").cloned());
        match code {
            Some(async_graphql::Value::String(code)) => Err(code),
            _ if answer.errors.is_empty() => Ok(()),
            _ => Err(format!("{:?}", answer.errors)),
        }
    }

    /// Every mutation of the schema, with arguments of the right types.
    pub async fn mutations(&self) -> Vec<(String, Value)> {
        let question = "query IntrospectionQuery { __schema { mutationType { fields { name args { name type { kind name \
             ofType { kind name ofType { ofType { name } } } } } type { kind name ofType { kind name } } } } \
             types { name inputFields { name type { ofType { kind name } } } } } }";
        let body = json!({ "operationName": "IntrospectionQuery", "query": question }).to_string();
        let (_, answer) = self.post(&body, "application/json", None).await;
        let fields = answer["data"]["__schema"]["mutationType"]["fields"].as_array().unwrap().clone();
        assert!(fields.len() >= 10, "{answer}");
        fields
            .iter()
            .map(|field| {
                let needed = field["args"].as_array().unwrap().iter().filter(|arg| arg["type"]["kind"] == "NON_NULL");
                let (mut heads, mut passed, mut values) = (Vec::new(), Vec::new(), json!({}));
                for arg in needed {
                    let (name, of) = (arg["name"].as_str().unwrap(), &arg["type"]["ofType"]);
                    let kind = match of["kind"] == "LIST" {
                        true => format!("[{}!]", of["ofType"]["ofType"]["name"].as_str().unwrap()),
                        false => of["name"].as_str().unwrap().to_owned(),
                    };
                    heads.push(format!("${name}: {kind}!"));
                    passed.push(format!("{name}: ${name}"));
                    values[name] = example(&kind);
                }
                let name = field["name"].as_str().unwrap();
                let question = format!("mutation({}) {{ {name}({}) {{ __typename }} }}", heads.join(", "), passed.join(", "));
                (question, values)
            })
            .collect()
    }
}

/// A value of an argument's type. A new type must be added here, so that no mutation goes unasked.
fn example(kind: &str) -> Value {
    match kind {
        "ID" => json!("x"),
        "Provider" | "ConflictSide" => json!("XERO"),
        "String" => json!("x"),
        "OnboardTenantInput" => json!({ "name": "A", "contactEmail": "a@b.cd", "region": "nz", "products": ["books"] }),
        "CreateApiClientInput" => json!({ "name": "A", "scopes": ["tenants:read"] }),
        "[ID!]" => json!([]),
        "[ReferenceInput!]" => json!([{ "flow": "books.accounts", "xeroId": "x" }]),
        "[TrackingRuleInput!]" => json!([{ "source": { "kind": "LOCATION" }, "category": "x" }]),
        "[FieldRuleInput!]" => {
            json!([{ "flow": "books.invoices", "direction": "BOTH", "apiName": "cf_x", "dataType": "DATE", "carrier": { "place": "REFERENCE" } }])
        }
        other => panic!("say what a {other} looks like"),
    }
}

/// The code of an answer that was executed.
pub fn code(answer: &Value) -> &str {
    assert!(!answer["errors"][0]["path"].is_null(), "{answer}");
    http_code(answer)
}

pub fn http_code(answer: &Value) -> &str {
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}
