"""Route tables of every framework: methods, composed prefixes, and the file that answers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrace_assets.culprits.routes.route import match, segments
from retrace_assets.culprits.routes.tables import table_of
from tests.retrace_assets.culprits.sources import Sources, routes_of

Routes = set[tuple[str, str, str]]

EXPRESS: Sources = {
    "server/index.js": """
        const express = require("express");
        const orders = require("./routes/orders");
        const app = express();
        app.get("/health", (req, res) => res.send("ok"));
        app.use("/api/orders", auth, orders);
        axios.get("/api/elsewhere", handler);
    """,
    "server/routes/orders.js": """
        const router = require("express").Router();
        const { cancel } = require("../cancel");
        router.get("/:id", async (req, res) => {});
        router.route("/:id/cancel").post(check, cancel);
        module.exports = router;
    """,
    "server/cancel.js": "exports.cancel = () => {};",
}
FASTIFY: Sources = {
    "src/app.ts": """
        import fastify from "fastify";
        import carts from "./carts";
        app.register(carts, { prefix: "/v1/carts" });
    """,
    "src/carts.ts": """
        export default async function carts(fastify) {
          fastify.get("/:cartId", async () => {});
          fastify.route({ method: ["PUT", "PATCH"], url: "/:cartId/lines", handler });
        }
    """,
}
NEST: Sources = {
    "src/cats.controller.ts": '@Controller("cats")\nexport class Cats {\n  @Get(":id")\n'
    "  one() {}\n  @Post()\n  make() {}\n}",
}
NEXT: Sources = {
    "web/app/(shop)/products/[slug]/page.tsx": "export default function Page() {}",
    "web/app/api/cart/[...rest]/route.ts": "export async function GET() {}\nexport async function DELETE() {}",
    "pages/index.tsx": "export default function Home() {}",
    "pages/api/users/[id].ts": "export default function handler() {}",
    "pages/_app.tsx": "export default function App() {}",
}
REMIX: Sources = {
    "app/routes/_auth.users.$id_.edit.tsx": "export default function Edit() {}",
    "app/routes/files.$/route.tsx": "export default function Files() {}",
}
SVELTEKIT: Sources = {
    "src/routes/(app)/blog/[slug]/+page.svelte": "<h1>Blog</h1>",
    "src/routes/api/posts/+server.ts": "export const GET = () => {};",
}
NUXT: Sources = {
    "pages/users/[id].vue": "<template></template>",
    "server/api/users/[id].get.ts": "export default defineEventHandler(() => {})",
}
REACT: Sources = {
    "src/App.tsx": """
        import { Route } from "react-router-dom";
        import Orders from "./pages/Orders";
        const Order = lazy(() => import("./pages/Order"));
        <Route path="/account" element={<Layout />}>
          <Route path="orders" element={<Orders />} />
          <Route path="orders/:orderId" element={<Order />} />
        </Route>
    """,
    "src/pages/Orders.tsx": "export default function Orders() {}",
    "src/pages/Order.tsx": "export default function Order() {}",
}
REACT_CONFIG: Sources = {
    "app/routes.ts": """
        import { route, index, layout, prefix } from "@react-router/dev/routes";
        export default [
          index("./home.tsx"),
          layout("./shell.tsx", [route("login", "./login.tsx")]),
          ...prefix("teams", [route(":teamId", "./team.tsx")]),
        ];
    """,
    **{f"app/{name}.tsx": "export default function Page() {}" for name in ("home", "login", "team", "shell")},
}
VUE: Sources = {
    "src/router.js": """
        import { createRouter } from "vue-router";
        import List from "@/pages/List.vue";
        const routes = [{ path: "/", component: Layout, children: [
          { path: "monitors", component: List },
          { path: "monitors/:id", component: () => import("./pages/Details.vue") } ] }];
    """,
    "src/pages/List.vue": "<template></template>",
    "src/pages/Details.vue": "<template></template>",
}
FASTAPI: Sources = {
    "app/main.py": """
from fastapi import FastAPI
from app.api import items
from app.api.users import router as users_router
app = FastAPI()
app.include_router(items.router, prefix="/api")
app.include_router(users_router)
""",
    "app/api/items.py": """
from fastapi import APIRouter
router = APIRouter(prefix="/items", tags=["items"])
@router.get("/{item_id}")
async def one(item_id: int): ...
""",
    "app/api/users.py": "from fastapi import APIRouter\nrouter = APIRouter()\n"
    '@router.post("/users")\ndef make(): ...\n',
}
FLASK: Sources = {
    "shop/__init__.py": """
from flask import Flask
from shop.cart import bp
app = Flask(__name__)
app.register_blueprint(bp, url_prefix="/cart")
""",
    "shop/cart.py": """
from flask import Blueprint
bp = Blueprint("cart", __name__)
@bp.route("/<int:line_id>", methods=["PUT", "DELETE"])
def change(line_id): ...
""",
}
DJANGO: Sources = {
    "site/urls.py": """
from django.urls import include, path
urlpatterns = [path("shop/", include("shop.urls")), path("admin/", admin.site.urls)]
""",
    "shop/urls.py": """
from django.urls import path, re_path
from shop import views
urlpatterns = [
    path("orders/<int:order_id>/", views.order),
    re_path(r"^tags/(?P<tag>[\\w-]+)/$", views.Tag.as_view()),
]
""",
    "shop/views.py": "def order(request, order_id): ...\nclass Tag: ...\n",
    "shop/admin.py": "class OrderAdmin(admin.ModelAdmin): ...\n",
}
RAILS: Sources = {
    "config/routes.rb": """
Rails.application.routes.draw do
  root to: "home#index"
  namespace :admin do
    resources :line_items, only: [:index, :destroy] do
      member do
        post :refund
      end
    end
  end
  scope "/v2" do
    get "status", to: "health#show"
  end
end
""",
    "app/controllers/home_controller.rb": "class HomeController; end",
    "app/controllers/health_controller.rb": "class HealthController; end",
    "app/controllers/admin/line_items_controller.rb": "class Admin::LineItemsController; end",
}
LARAVEL: Sources = {
    "routes/api.php": """<?php
use App\\Http\\Controllers\\OrderController;
Route::prefix('shop')->group(function () {
    Route::get('/orders/{order}', [OrderController::class, 'show']);
});
""",
    "app/Http/Controllers/OrderController.php": "<?php class OrderController {}",
}
SPRING: Sources = {
    "src/main/java/com/acme/Orders.java": """
@RestController
@RequestMapping("/api/orders")
public class Orders {
    @GetMapping("/{id}")
    public Order one() {}
    @PostMapping
    public Order make() {}
}
""",
}
GO: Sources = {
    "server/routes.go": """
package server
func Register(e *echo.Echo) {
    api := e.Group("/api")
    v1 := api.Group("/v1")
    v1.GET("/memos/:id", s.memo)
    mux.HandleFunc("POST /login", s.login)
    r.Route("/admin", func(r chi.Router) {
        r.Delete("/users/{id}", s.remove)
    })
}
""",
}


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        pytest.param(
            EXPRESS,
            {
                ("GET", "/health", "server/index.js"),
                ("GET", "/api/orders/:id", "server/routes/orders.js"),
                ("POST", "/api/orders/:id/cancel", "server/cancel.js"),
            },
            id="express",
        ),
        pytest.param(
            FASTIFY,
            {("GET", "/v1/carts/:cartId", "src/carts.ts"), ("PATCH", "/v1/carts/:cartId/lines", "src/carts.ts")},
            id="fastify",
        ),
        pytest.param(
            NEST,
            {("GET", "/cats/:id", "src/cats.controller.ts"), ("POST", "/cats", "src/cats.controller.ts")},
            id="nest",
        ),
        pytest.param(
            NEXT,
            {
                ("", "/products/[slug]", "web/app/(shop)/products/[slug]/page.tsx"),
                ("DELETE", "/api/cart/[...rest]", "web/app/api/cart/[...rest]/route.ts"),
                ("", "/", "pages/index.tsx"),
                ("", "/api/users/[id]", "pages/api/users/[id].ts"),
            },
            id="next",
        ),
        pytest.param(
            REMIX,
            {
                ("", "/users/$id/edit", "app/routes/_auth.users.$id_.edit.tsx"),
                ("", "/files/*", "app/routes/files.$/route.tsx"),
            },
            id="remix",
        ),
        pytest.param(
            SVELTEKIT,
            {
                ("", "/blog/[slug]", "src/routes/(app)/blog/[slug]/+page.svelte"),
                ("", "/api/posts", "src/routes/api/posts/+server.ts"),
            },
            id="sveltekit",
        ),
        pytest.param(
            NUXT,
            {("", "/users/[id]", "pages/users/[id].vue"), ("GET", "/api/users/[id]", "server/api/users/[id].get.ts")},
            id="nuxt",
        ),
        pytest.param(
            REACT,
            {
                ("", "/account/orders", "src/pages/Orders.tsx"),
                ("", "/account/orders/:orderId", "src/pages/Order.tsx"),
            },
            id="react-router",
        ),
        pytest.param(
            REACT_CONFIG,
            {
                ("", "/", "app/home.tsx"),
                ("", "/login", "app/login.tsx"),
                ("", "/teams/:teamId", "app/team.tsx"),
            },
            id="react-router-config",
        ),
        pytest.param(
            VUE,
            {("", "/monitors", "src/pages/List.vue"), ("", "/monitors/:id", "src/pages/Details.vue")},
            id="vue-router",
        ),
        pytest.param(
            FASTAPI,
            {("GET", "/api/items/{item_id}", "app/api/items.py"), ("POST", "/users", "app/api/users.py")},
            id="fastapi",
        ),
        pytest.param(
            FLASK,
            {("PUT", "/cart/<int:line_id>", "shop/cart.py"), ("DELETE", "/cart/<int:line_id>", "shop/cart.py")},
            id="flask",
        ),
        pytest.param(
            DJANGO,
            {
                ("", "/shop/orders/<int:order_id>", "shop/views.py"),
                ("", "/shop/tags/:x", "shop/views.py"),
                ("", "/admin/shop/*", "shop/admin.py"),
            },
            id="django",
        ),
        pytest.param(
            RAILS,
            {
                ("GET", "/", "app/controllers/home_controller.rb"),
                ("GET", "/admin/line_items", "app/controllers/admin/line_items_controller.rb"),
                ("DELETE", "/admin/line_items/:id", "app/controllers/admin/line_items_controller.rb"),
                ("POST", "/admin/line_items/:id/refund", "app/controllers/admin/line_items_controller.rb"),
                ("GET", "/v2/status", "app/controllers/health_controller.rb"),
            },
            id="rails",
        ),
        pytest.param(
            LARAVEL, {("GET", "/api/shop/orders/{order}", "app/Http/Controllers/OrderController.php")}, id="laravel"
        ),
        pytest.param(
            SPRING,
            {
                ("GET", "/api/orders/{id}", "src/main/java/com/acme/Orders.java"),
                ("POST", "/api/orders", "src/main/java/com/acme/Orders.java"),
            },
            id="spring",
        ),
        pytest.param(
            GO,
            {
                ("GET", "/api/v1/memos/:id", "server/routes.go"),
                ("POST", "/login", "server/routes.go"),
                ("DELETE", "/admin/users/{id}", "server/routes.go"),
            },
            id="go",
        ),
    ],
)
def test_routes_are_read_with_their_prefixes_and_the_file_that_answers(sources: Sources, expected: Routes) -> None:
    assert expected <= routes_of(sources)


def test_routes_leave_out_what_asks_and_what_was_not_listed() -> None:
    assert not any("elsewhere" in path for _, path, _ in routes_of(EXPRESS))
    assert not any(method == "PATCH" for method, _, _ in routes_of(RAILS))
    assert not any("_app" in path for _, path, _ in routes_of(NEXT))


@pytest.mark.parametrize(
    "template", ["/items/:id", "/items/[id]", "/items/{id}", "/items/<int:id>", "/items/$id", "items/(?P<id>\\d+)/"]
)
def test_a_parameter_matches_whatever_it_is_written_like(template: str) -> None:
    assert match(segments(template), segments("/items/42")) == pytest.approx(0.75)
    assert match(segments(template), segments("/items/:id")) > 0
    assert match(segments(template), segments("/carts/42")) == 0
    assert match(segments(template), segments("/items/42/lines")) == 0


def test_a_literal_matches_better_than_a_parameter_and_a_rest_worst() -> None:
    asked = segments("/items/new")
    assert match(segments("/items/new"), asked) > match(segments("/items/:id"), asked)
    assert match(segments("/items/:id"), asked) > match(segments("/[...rest]"), asked) > 0


_PARTS = (
    *("app.get(", "'/x'", ",", ")", "{", "}", "path:", "<Route ", "path='a'", ">", "</Route>", "@app.route(", "("),
    *("include(", "path(", "resources :a do\n", "end\n", "Route::get(", "@GetMapping(", "r.Group(", "[", "]", '"/:'),
    *("router.use(", "express", "urlpatterns", "flask", "routes.draw", "@Controller", ".register(", "\n", "é"),
)


@given(
    st.sampled_from(["a.ts", "a.py", "routes.rb", "a.php", "A.java", "a.go", "a.vue", "app/x/page.tsx"]),
    st.lists(
        st.sampled_from(_PARTS),
        max_size=60,
    ),
)  # fmt: skip
def test_tables_take_any_text(path: str, parts: list[str]) -> None:
    for entry in table_of(path, "".join(parts).encode()).entries:
        assert entry.line >= 1
