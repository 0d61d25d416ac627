"""The shop's backend: pages, JSON API, cookies.

Belongs here: what a request asks for and how it is answered. Does not: goods, prices, what is remembered.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from .catalogue import CATEGORIES, Product, Query, Sort, bundles_with, product_by_id, related_to, search
from .customers import COUPONS, DEMO_PASSWORD, Customer, Customers, Profile
from .faults import Fault, parse_faults
from .orders import OrderRefusedError, place_order, totals

RELEASE = "tidewater@1.4.0"

CUSTOMER_COOKIE = "shop_customer"
FAULTS_COOKIE = "shop_faults"  # switches for one browser; without it the shop's own are in force
VISITOR_COOKIE = "shop_visitor"  # the name this browser's visits are recorded under

_STATIC = Path(__file__).parent / "static"
_MAX_BODY = 64 * 1024

Json = dict[str, object]
Answer = Callable[[Request, Customer, frozenset[Fault]], Awaitable[Response]]


@dataclass(frozen=True)
class Recorder:
    """How visits are recorded: the built recorder's file, the door it posts to, and the key it shows there."""

    script: Path
    door_url: str
    sdk_key: str


def create_shop(faults: frozenset[Fault] = frozenset(), recorder: Recorder | None = None) -> Starlette:
    """Build the shop with these faults switched on for everybody who has no switches of their own."""
    customers = Customers()

    def api(path: str, answer: Answer, method: str = "GET") -> Route:
        async def endpoint(request: Request) -> Response:
            customer_id, customer = customers.recall(request.cookies.get(CUSTOMER_COOKIE))
            response = await answer(request, customer, _faults_of(request, faults))
            response.set_cookie(CUSTOMER_COOKIE, customer_id, httponly=True, samesite="lax")
            response.headers["cache-control"] = "no-store"
            return response

        return Route(path, endpoint, methods=[method])

    async def no_such_api(request: Request) -> Response:
        return _refusal(404, "There is nothing here.")

    async def page(request: Request) -> Response:
        if "faults" in request.query_params:
            return _switch(request)
        return HTMLResponse(_page(request, _faults_of(request, faults), recorder))

    async def script(request: Request) -> Response:
        return FileResponse(recorder.script, media_type="text/javascript") if recorder else Response(status_code=404)

    routes: list[BaseRoute] = [
        api("/api/products", _list_products),
        api("/api/products/{product_id:int}", _show_product),
        api("/api/products/{product_id:int}/bundles", _list_bundles),
        api("/api/cart", _show_cart),
        api("/api/cart/items/{product_id:int}", _change_cart, "PUT"),
        api("/api/cart/coupon", _apply_coupon, "POST"),
        api("/api/wishlist", _show_wishlist),
        api("/api/wishlist/{product_id:int}", _toggle_wish, "POST"),
        api("/api/orders", _place_order, "POST"),
        api("/api/session", _show_session),
        api("/api/session", _log_in, "POST"),
        api("/api/session", _log_out, "DELETE"),
        api("/api/account/profile", _show_profile),
        api("/api/account/profile", _save_profile, "PUT"),
        api("/api/account/orders", _list_orders),
        Route("/api/{path:path}", no_such_api),
        Mount("/static", StaticFiles(directory=_STATIC)),
        Route("/retrace.js", script),
        Route("/{path:path}", page),
    ]
    return Starlette(routes=routes)


async def _list_products(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    found = search(_query(request))
    facts = {"total": found.total, "page": found.page, "pages": found.pages, "categories": CATEGORIES}
    return JSONResponse({"items": [asdict(item) for item in found.items], **facts})


async def _show_product(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    product = _product(request)
    if product is None:
        return _refusal(404, "This article is not in our catalogue.")
    related = [asdict(other) for other in related_to(product)]
    return JSONResponse({"product": asdict(product), "related": related, "wished": product.id in customer.wishlist})


async def _list_bundles(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    product = _product(request)
    if product is None:
        return _refusal(404, "This article is not in our catalogue.")
    return JSONResponse({"product": asdict(product), "bundles": [asdict(bundle) for bundle in bundles_with(product)]})


async def _show_cart(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    return JSONResponse(_cart(customer, request.query_params.get("delivery", "standard")))


async def _change_cart(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    product, quantity = _product(request), (await _body(request)).get("quantity")
    if product is None or not isinstance(quantity, int):
        return _refusal(422, "This cannot be put into the cart.")
    customer.put(product.id, min(quantity, product.stock))
    return JSONResponse(_cart(customer))


async def _apply_coupon(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    code = str((await _body(request)).get("code", "")).strip().upper()
    known = code in COUPONS
    customer.coupon = code if known else customer.coupon
    return JSONResponse({"applied": known, "cart": _cart(customer)})


async def _show_wishlist(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    wished = [asdict(product) for product_id in customer.wishlist if (product := product_by_id(product_id))]
    return JSONResponse({"items": wished})


async def _toggle_wish(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    product = _product(request)
    if product is None:
        return _refusal(404, "This article is not in our catalogue.")
    return JSONResponse({"wished": customer.toggle_wish(product.id), "count": len(customer.wishlist)})


async def _place_order(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    form = {name: value for name, value in (await _body(request)).items() if isinstance(value, str)}
    try:
        order = place_order(customer, form, faults)
    except OrderRefusedError as refusal:
        return _refusal(422, str(refusal))
    except KeyError:
        return _refusal(500, "Internal error")
    return JSONResponse({"number": order.number, "total": order.total}, status_code=201)


async def _show_session(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    return JSONResponse(_session(customer))


async def _log_in(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    body = await _body(request)
    if not body.get("email") or body.get("password") != DEMO_PASSWORD:
        return _refusal(401, "E-mail and password do not match.")
    customer.logged_in = True
    customer.profile.email = str(body["email"])
    return JSONResponse(_session(customer))


async def _log_out(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    customer.logged_in = False
    return JSONResponse(_session(customer))


async def _show_profile(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    return JSONResponse(asdict(customer.profile)) if customer.logged_in else _refusal(401, "Please log in.")


async def _save_profile(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    if not customer.logged_in:
        return _refusal(401, "Please log in.")
    body = await _body(request)
    fields = {name: body.get(name) for name in ("name", "email", "phone")}
    # The whole profile or nothing: a part that is missing would be wiped.
    if not all(isinstance(value, str) for value in fields.values()):
        return JSONResponse({"saved": False})
    customer.profile = Profile(
        **{name: str(value) for name, value in fields.items()}, newsletter=body.get("newsletter") is True
    )
    return JSONResponse({"saved": True})


async def _list_orders(request: Request, customer: Customer, faults: frozenset[Fault]) -> Response:
    # Fault orders_404: the list moved to another service and the way there was forgotten.
    if Fault.ORDERS_404 in faults:
        return _refusal(404, "Not Found")
    if not customer.logged_in:
        return _refusal(401, "Please log in.")
    return JSONResponse({"items": [_order(order.items) | asdict(order) for order in customer.orders]})


def _page(request: Request, faults: frozenset[Fault], recorder: Recorder | None) -> str:
    config = _script_json({"faults": sorted(faults), "release": RELEASE})
    template = (_STATIC / "index.html").read_text(encoding="utf-8")
    return template.replace("<!-- config -->", config).replace("<!-- recorder -->", _recorder_tag(request, recorder))


def _recorder_tag(request: Request, recorder: Recorder | None) -> str:
    if recorder is None:
        return ""
    options = {
        "apiKey": recorder.sdk_key,
        "ingestUrl": recorder.door_url,
        "release": RELEASE,
        "distinctId": request.cookies.get(VISITOR_COOKIE, ""),
    }
    return f'<script type="module">import {{ init }} from "/retrace.js"; init({_script_json(options)});</script>'


def _script_json(value: Mapping[str, object]) -> str:
    # "<" would let a value end the script element it stands in.
    return json.dumps(value).replace("<", "\\u003c")


def _switch(request: Request) -> Response:
    response = RedirectResponse(request.url.path or "/", status_code=303)
    names = ".".join(sorted(parse_faults(request.query_params["faults"])))
    response.set_cookie(FAULTS_COOKIE, names or "none", samesite="lax")
    return response


def _faults_of(request: Request, default: frozenset[Fault]) -> frozenset[Fault]:
    switches = request.cookies.get(FAULTS_COOKIE)
    return default if switches is None else parse_faults(switches)


def _query(request: Request) -> Query:
    asked = request.query_params
    sort = asked.get("sort", "")
    return Query(
        text=asked.get("q", "")[:100],
        category=asked.get("category", ""),
        most=_whole(asked.get("most", "")) * 100,
        in_stock=asked.get("in_stock") == "1",
        sort=Sort(sort) if sort in list(Sort) else Sort.FEATURED,
        page=_whole(asked.get("page", "")) or 1,
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _product(request: Request) -> Product | None:
    return product_by_id(request.path_params["product_id"])


async def _body(request: Request) -> Json:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > _MAX_BODY:
            return {}
    try:
        body = json.loads(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _cart(customer: Customer, delivery: str = "standard") -> Json:
    costs = totals(customer, delivery)
    lines = _order(tuple(customer.basket.items()))["lines"]
    return {"lines": lines, "coupon": customer.coupon, **asdict(costs), "total": costs.total}


def _order(items: tuple[tuple[int, int], ...]) -> Json:
    lines = [
        {"product": asdict(product), "quantity": quantity}
        for product_id, quantity in items
        if (product := product_by_id(product_id))
    ]
    return {"lines": lines}


def _session(customer: Customer) -> Json:
    count = sum(customer.basket.values())
    name = customer.profile.name if customer.logged_in else ""
    return {"logged_in": customer.logged_in, "name": name, "cart_count": count, "wish_count": len(customer.wishlist)}


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"message": message}, status_code=status)
