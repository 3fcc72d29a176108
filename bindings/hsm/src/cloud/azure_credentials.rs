//! Who calls Azure: an access token, an application by its secret, or the machine that a program runs on.

use std::fmt;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::azure::Cloud;
use super::bearer::{Given, Source, Token, form, form_headers, unusable};
use super::http::{Answer, Ask, Service, by_status};
use super::{CloudError, Patience, variable};

/// Who calls. Wiped when dropped, its secrets shown nowhere.
pub struct AzureCredentials {
    kind: Kind,
    /// Who gives tokens, in place of the one that is known.
    authority: Option<String>,
}

enum Kind {
    Token(Zeroizing<String>),
    Secret {
        tenant: String,
        client: String,
        secret: Zeroizing<String>,
    },
    /// The identity's client id, where the machine has several.
    Machine(Option<String>),
}

impl AzureCredentials {
    /// An access token, as `az account get-access-token --resource https://vault.azure.net` gives it. When it ends, so does what uses it.
    pub fn token(token: impl Into<String>) -> AzureCredentials {
        AzureCredentials { kind: Kind::Token(Zeroizing::new(token.into())), authority: None }
    }

    /// An application of a tenant, by its client secret.
    pub fn client_secret(
        tenant: impl Into<String>,
        client: impl Into<String>,
        secret: impl Into<String>,
    ) -> AzureCredentials {
        let (tenant, client, secret) = (tenant.into(), client.into(), Zeroizing::new(secret.into()));
        AzureCredentials { kind: Kind::Secret { tenant, client, secret }, authority: None }
    }

    /// The managed identity of the machine that a program runs on, by its metadata service; by its client id where there are several.
    pub fn managed_identity(client: Option<&str>) -> AzureCredentials {
        AzureCredentials { kind: Kind::Machine(client.map(str::to_owned)), authority: None }
    }

    /// The same, with tokens from this address: in place of the cloud's own, or of the metadata service's.
    pub fn authority(self, address: impl Into<String>) -> AzureCredentials {
        AzureCredentials { authority: Some(address.into()), ..self }
    }

    /// The first of these that the environment has: the token in `AZURE_ACCESS_TOKEN`; the application in `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and
    /// `AZURE_CLIENT_SECRET`, with tokens from `AZURE_AUTHORITY_HOST` if that is set; or else the managed identity of this machine, of `AZURE_CLIENT_ID`
    /// if that is set, by the metadata service at `AZURE_POD_IDENTITY_AUTHORITY_HOST` if that is.
    pub fn from_env() -> Result<AzureCredentials, CloudError> {
        let of = |name: &str| variable(&[name]);
        if let Some(token) = of("AZURE_ACCESS_TOKEN") {
            return Ok(AzureCredentials::token(token));
        }
        let client = of("AZURE_CLIENT_ID");
        let (credentials, authority) = match (of("AZURE_CLIENT_SECRET"), of("AZURE_TENANT_ID"), client) {
            (Some(secret), Some(tenant), Some(client)) => {
                (AzureCredentials::client_secret(tenant, client, secret), "AZURE_AUTHORITY_HOST")
            }
            (Some(_), ..) => {
                return Err(CloudError::Missing {
                    missing: "the application whose secret AZURE_CLIENT_SECRET is",
                    advice: "set AZURE_TENANT_ID and AZURE_CLIENT_ID",
                });
            }
            (None, _, client) => {
                (AzureCredentials::managed_identity(client.as_deref()), "AZURE_POD_IDENTITY_AUTHORITY_HOST")
            }
        };
        Ok(AzureCredentials { authority: of(authority), ..credentials })
    }

    pub(super) fn source(self, cloud: &Cloud, patience: &Patience) -> Result<Box<dyn Source>, CloudError> {
        let authority = self.authority.as_deref();
        Ok(match self.kind {
            Kind::Token(token) => Box::new(Given(token)),
            Kind::Secret { tenant, client, secret } => {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
                if tenant.is_empty() || !tenant.bytes().all(is_plain) {
                    return Err(unusable("the tenant")("it is neither the id nor the domain of a tenant"));
                }
                let service = Service::new(authority.unwrap_or(cloud.authority), patience.clone())?;
                let scope = format!("{}/.default", cloud.resource);
                Box::new(Application { service, path: format!("/{tenant}/oauth2/v2.0/token"), client, secret, scope })
            }
            Kind::Machine(client) => {
                let service = Service::of_machine(authority.unwrap_or(METADATA_ADDRESS), patience.clone())?;
                let mut path = format!("{METADATA_PATH}&resource={}", escaped(&cloud.resource));
                if let Some(client) = client {
                    path = format!("{path}&client_id={}", escaped(&client));
                }
                Box::new(Machine { service, path })
            }
        })
    }
}

impl fmt::Debug for AzureCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AzureCredentials(***)")
    }
}

struct Application {
    service: Service,
    path: String,
    client: String,
    secret: Zeroizing<String>,
    scope: String,
}

impl Source for Application {
    /// The client credentials grant (RFC 6749, 4.4).
    fn token(&self) -> Result<Token, CloudError> {
        let ask = form(&[
            ("grant_type", "client_credentials"),
            ("client_id", &self.client),
            ("client_secret", &self.secret),
            ("scope", &self.scope),
        ]);
        let answer = self.service.call(&self.path, &ask, by_status, |_| form_headers())?;
        Token::of(&answer, &self.service)
    }
}

struct Machine {
    service: Service,
    path: String,
}

impl Source for Machine {
    fn token(&self) -> Result<Token, CloudError> {
        let headers = |_: &[u8]| vec![("Metadata", Zeroizing::new("true".to_owned()))];
        // While it starts or is updated it says that there is nothing.
        let starting = |answer: &Answer| matches!(answer.status, 404 | 410).then(|| "it is not ready".to_owned());
        let again = |answer: &Answer| by_status(answer).or_else(|| starting(answer));
        let answer = self.service.call(&self.path, &Ask::Get, again, headers).map_err(|error| match error {
            // Nothing else was there to be used, and this is no machine of Azure's.
            CloudError::Unreachable { .. } => CloudError::Missing {
                missing: "an access token for Azure: no metadata service answers, and it",
                advice: "set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or AZURE_ACCESS_TOKEN",
            },
            other => other,
        })?;
        Token::of(&answer, &self.service)
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

const METADATA_ADDRESS: &str = "http://169.254.169.254";
const METADATA_PATH: &str = "/metadata/identity/oauth2/token?api-version=2018-02-01";
