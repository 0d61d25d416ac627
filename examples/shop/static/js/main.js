// The front end's start: registers the pages and shows the one asked for.

import { accountPage } from "./pages/account.js";
import { cartPage } from "./pages/cart.js";
import { cataloguePage } from "./pages/catalogue.js";
import { checkoutPage } from "./pages/checkout.js";
import { dealsPage } from "./pages/deals.js";
import { loginPage } from "./pages/login.js";
import { ordersPage } from "./pages/orders.js";
import { productPage } from "./pages/product.js";
import { profilePage } from "./pages/profile.js";
import { thanksPage } from "./pages/thanks.js";
import { wishlistPage } from "./pages/wishlist.js";
import { route, startRouter } from "./router.js";
import { refresh } from "./session.js";

route("/", cataloguePage);
route("/products/:id", productPage);
route("/products/:id/deals", dealsPage);
route("/cart", cartPage);
route("/checkout", checkoutPage);
route("/thanks/:number", thanksPage);
route("/wishlist", wishlistPage);
route("/login", loginPage);
route("/account", accountPage);
route("/account/orders", ordersPage);
route("/account/profile", profilePage);

await refresh();
await startRouter();
