"""The OIDC provider of a company, asked by Authlib: authorization code with PKCE. Blocks.

Sources: OpenID Connect Core 1.0, Discovery 1.0 and RP-Initiated Logout 1.0, RFC 7636 (PKCE), RFC 6749.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

import httpx

from kaido.errors import ForbiddenError, InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.runtime.settings import Settings

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Of ID tokens: those whose key the provider alone has."""
SECONDS = 10.0
"""For each answer of the provider."""
LEEWAY_S = 60
"""How far its clock may be off."""
_TRY_AGAIN = "Try again; if it stays so, an administrator looks at the settings KAIDO_OIDC_… and at the provider"


def check(settings: Settings) -> None:
    """Check that the settings can work, where they name a provider.

    Raises:
        InvalidInputError: one is missing.
        UnavailableError: Authlib is not installed.
    """
    if not settings.oidc_issuer:
        return
    for name in ("oidc_client_id", "oidc_company"):
        if not getattr(settings, name):
            raise InvalidInputError(
                f"setting KAIDO_{name.upper()} is missing", why="KAIDO_OIDC_ISSUER is set", fix="See docs/operations.md"
            )
    try:
        import authlib  # noqa: F401, PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise UnavailableError(
            "signing in at an OIDC provider needs Authlib, which is not installed", fix="pip install 'kaido[oidc]'"
        ) from error


class Provider:
    """The provider that the settings name.

    Args:
        settings: with ``oidc_issuer``.
        redirect_uri: where it sends browsers back to; it has to know that address.
    """

    def __init__(self, settings: Settings, redirect_uri: str) -> None:
        self._settings = settings
        self._redirect_uri = redirect_uri

    def address(self, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in.

        Raises:
            UnavailableError: the provider does not answer, or not as one.
        """
        with self._asking() as http:
            endpoint = self._metadata(http)["authorization_endpoint"]
            address, _ = self._client(http).create_authorization_url(
                endpoint, state=state, code_verifier=verifier, nonce=nonce
            )
        return str(address)

    def farewell(self, hint: str, back: str) -> str:
        """Where the browser goes to sign out there too; empty where the provider has no such place.

        Args:
            hint: the ID token of the sign-in; empty where it is not known.
            back: where it sends browsers back to; it has to know that address too.

        Raises:
            UnavailableError: the provider does not answer, or not as one.
        """
        with self._asking() as http:
            endpoint = self._metadata(http).get("end_session_endpoint")
            if not endpoint:
                return ""
            said = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": back}
            return str(httpx.URL(endpoint).copy_merge_params(said | ({"id_token_hint": hint} if hint else {})))

    def claims(self, code: str, nonce: str, verifier: str) -> tuple[dict[str, Any], str]:
        """What the provider says of whoever signed in: claims of the ID token, and of userinfo where it has that.

        Returns:
            The claims, and the ID token itself.

        Raises:
            ForbiddenError: it does not vouch for them.
            UnavailableError: it does not answer, or not as one.
        """
        with self._asking() as http:
            metadata = self._metadata(http)
            token = self._token(http, metadata, code, verifier)
            claims = self._verified(http, metadata, token, nonce)
            if "userinfo_endpoint" in metadata:
                headers = {"Authorization": f"Bearer {token['access_token']}"}
                more = _json(http.get(metadata["userinfo_endpoint"], headers=headers))
                if more.get("sub") != claims["sub"]:
                    raise _not_vouched("its userinfo is about somebody else")
                claims = {**more, **claims}
        return claims, token["id_token"]

    def _client(self, http: httpx.Client) -> Any:
        from authlib.oauth2.client import OAuth2Client  # noqa: PLC0415  # an extra

        return OAuth2Client(
            http,
            client_id=self._settings.oidc_client_id,
            scope=self._settings.oidc_scopes,
            redirect_uri=self._redirect_uri,
            code_challenge_method="S256",
        )

    def _metadata(self, http: httpx.Client) -> dict[str, Any]:
        issuer = self._settings.oidc_issuer
        metadata = _json(http.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
        missing = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"} - metadata.keys()
        if missing or metadata["issuer"] != issuer:
            lacks = f"it does not say {', '.join(sorted(missing))}"
            raise _away(lacks if missing else f"it calls itself {metadata['issuer']}")
        return metadata

    def _token(self, http: httpx.Client, metadata: dict[str, Any], code: str, verifier: str) -> dict[str, Any]:
        from authlib.oauth2.base import OAuth2Error  # noqa: PLC0415  # as above

        id_, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        auth: httpx.Auth = httpx.Auth()  # sends nothing of its own
        more = {}
        if not secret:
            more = {"client_id": id_}
        elif "client_secret_basic" in methods:
            auth = httpx.BasicAuth(quote_plus(id_), quote_plus(secret))  # RFC 6749, 2.3.1: encoded first
        else:
            more = {"client_id": id_, "client_secret": secret}
        try:
            token = self._client(http).fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=code,
                redirect_uri=self._redirect_uri,
                code_verifier=verifier,
                auth=auth,
                **more,
            )
        except OAuth2Error as error:
            raise _not_vouched(str(error)) from error
        if not {"id_token", "access_token"} <= token.keys():
            raise _away("its answer to the code has no ID token")
        return dict(token)

    def _verified(
        self, http: httpx.Client, metadata: dict[str, Any], token: dict[str, Any], nonce: str
    ) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken  # noqa: PLC0415  # as above
        from joserfc import jwt  # noqa: PLC0415
        from joserfc.errors import JoseError  # noqa: PLC0415
        from joserfc.jwk import KeySet  # noqa: PLC0415

        id_ = self._settings.oidc_client_id
        try:
            keys = KeySet.import_key_set(_json(http.get(metadata["jwks_uri"])))  # type: ignore[arg-type]  # it checks
            read = jwt.decode(token["id_token"], keys, algorithms=list(ALGORITHMS))
            claims = CodeIDToken(
                read.claims,
                read.header,
                options={
                    "iss": {"essential": True, "value": self._settings.oidc_issuer},
                    "aud": {"essential": True, "value": id_},
                },
                params={"nonce": nonce, "client_id": id_, "access_token": token["access_token"]},
            )
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, ValueError) as error:
            raise _not_vouched(f"its ID token does not hold: {error}") from error
        return dict(claims)

    @contextmanager
    def _asking(self) -> Iterator[httpx.Client]:
        try:
            with httpx.Client(timeout=SECONDS, follow_redirects=False) as http:
                yield http
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise _away(str(error)) from error


def _json(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    document = answer.json()
    if not isinstance(document, dict):
        raise ValueError(f"{answer.url} is no JSON object")  # noqa: TRY004  # the answer's value, not our caller's type
    return document


def _away(why: str) -> UnavailableError:
    return UnavailableError("the OIDC provider could not be asked", why=why[:300], fix=_TRY_AGAIN)


def _not_vouched(why: str) -> ForbiddenError:
    return ForbiddenError("the OIDC provider does not vouch for you", why=why[:300], fix=_TRY_AGAIN)
