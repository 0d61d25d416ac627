"""The pages of the app under test, by the name in their path."""

from typing import Final

_SAYS: Final = "<output id=out></output><script>const say = text => document.getElementById('out').textContent += text + ' ';</script>"

PAGES: Final = {
    "plain": "<p>Words</p>",
    "acts": _SAYS
    + """
    <button onclick="say('clicked')">Click me</button>
    <button ondblclick="say('doubled')">Double me</button>
    <button oncontextmenu="say('context'); return false">Right me</button>
    <label>Name <input id=name oninput="say('typed:' + value)"></label>
    <label>Keys <input id=keys onkeydown="say('key')"></label>
    <label>Colour <select onchange="say('chose:' + value)"><option value=r>Red<option value=g>Green</select></label>
    <label><input type=checkbox onchange="say('agreed:' + checked)"> Agree</label>
    <label>Search <input onkeydown="if (event.key === 'Enter') say('sent')"></label>
    <div data-testid=hover onmouseenter="say('hovered')">Hover here</div>
    <label>Photo <input type=file onchange="say('file:' + files[0].name.split('.').pop() + ':' + (files[0].size > 0))"></label>
    <div data-testid=drag draggable=true ondragstart="event.dataTransfer.setData('text', 'x')">Drag me</div>
    <div data-testid=drop style="height:50px" ondragover="event.preventDefault()" ondrop="event.preventDefault(); say('dropped')">Drop here</div>
    <div style="height:3000px"></div>
    <button onclick="say('deep')">Deep</button>
    <script>addEventListener('scroll', () => { if (scrollY > 0) document.body.dataset.scrolled = 'yes'; });</script>
    """,
    "styled-box": _SAYS
    + "<label style='display:block'><input type=checkbox style='position:absolute;opacity:0;pointer-events:none' onchange=\"say('on:' + checked)\">"
    "<span>Dark</span></label>",
    "controlled": "<label>Code <input id=code></label><output id=out></output><script>"
    "code.oninput = () => { code.value = code.value.toUpperCase().replace(/[^A-Z]/g, ''); out.textContent = code.value; }</script>",
    "dialogs": _SAYS + "<button onclick=\"say(confirm('Sure?') ? 'yes' : 'no')\">Ask</button>",
    "frame": "<iframe title=Card srcdoc=\"<button onclick=&quot;this.textContent='Paid'&quot;>Pay</button>\"></iframe>",
    "shadow": "<shop-pay></shop-pay><script>customElements.define('shop-pay', class extends HTMLElement { connectedCallback() {"
    " this.attachShadow({mode: 'open'}).innerHTML = '<button>Pay</button>';"
    " this.shadowRoot.firstChild.onclick = event => { event.target.textContent = 'Paid'; }; } })</script>",
    "twins": "<button>Pay</button>" * 10,
    "remounts": "<div id=root></div><script>const draw = () => { root.innerHTML = '<button>Pay</button>';"
    " root.firstChild.onclick = () => { document.title = 'paid'; }; }; setInterval(draw, 150); draw();</script>",
    "renamed": _SAYS + "<button data-testid=new-pay onclick=\"say('paid')\">Pay now</button>",
    "asks": _SAYS
    + "<button onclick=\"fetch('/api/500', {method: 'POST'})\">Fail</button><button onclick=\"fetch('/api/200', {method: 'POST'})\">Work</button>"
    "<button onclick=\"fetch('/api/200?wait=1.2')\">Wait</button><button>Nothing</button>"
    "<button onclick=\"fetch('https://elsewhere.example.com/x').catch(() => say('refused'))\">Abroad</button>",
    "errors": '<button onclick="missing.value">Throw</button><button onclick="Promise.reject(new Error(\'order 4711 is gone\'))">Reject</button>'
    '<button onclick="console.error(\'cannot read order 12\')">Say</button><button onclick="setTimeout(() => { missing.value }, 900)">Late</button>'
    "<button onclick=\"document.title = 'ok'\">Quiet</button><button onclick=\"console.error('something else')\">Other</button>",
    # Both answers come while the click that does nothing is being judged.
    "echoes": _SAYS
    + "<button onclick=\"fetch('/api/200?wait=1', {method: 'POST'}).then(() => setTimeout(say, 100, 'saved'))\">Save</button>"
    "<button>Dead</button>",
    # What is paid for is what was taken: whoever is faster than the answer finds nothing.
    "takes": _SAYS
    + "<button onclick=\"fetch('/api/200?wait=1', {method: 'POST'}).then(() => say('taken'))\">Take</button>"
    "<button onclick=\"fetch('/hangs', {method: 'POST'})\">Hang</button>"
    "<button onclick=\"say(out.textContent.includes('taken') ? 'paid' : 'empty')\">Pay</button>",
    "effects": _SAYS
    + """
    <button>Dead</button>
    <button onclick="say('x')">Text</button>
    <button onclick="location.hash = '#/there'">Route</button>
    <button onclick="setTimeout(() => say('late'), 1500)">Late</button>
    <button onclick="this.classList.toggle('pressed'); setTimeout(() => this.classList.toggle('pressed'), 60)">Flash</button>
    <button onclick="window.open('/pages/plain')">Opens</button>
    <button onclick="alert('hello')">Alerts</button>
    <button onclick="location = '/login'">Login</button>
    <button onclick="window.scrollTo(0, 900)">Scrolls</button>
    <button onclick="fetch('/api/200', {method: 'POST'})">Posts</button>
    <button onclick="fetch('/api/500', {method: 'POST'})">Fails</button>
    <p id=clock></p><script>setInterval(() => { clock.textContent = performance.now(); }, 100)</script>
    <div style="height:3000px"></div>
    """,
    "messages": "<button onclick=\"document.body.insertAdjacentHTML('beforeend', '<div role=alert>Could not save order 12</div>')\">Save</button>"
    "<button onclick=\"document.body.insertAdjacentHTML('beforeend', '<div role=status>Saved</div>')\">Works</button>",
    "busy": '<button onclick="while (true) {}">Hang</button>',
    "leaves": "<script>addEventListener('beforeunload', event => { event.preventDefault(); });</script><label>Note <input></label>",
    "late-button": "<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', '<button>Late</button>'), 700)</script>",
    "secret": "<label>Password <input type=password></label><button onclick=\"console.log(document.querySelector('input').value);"
    " fetch('/api/200?word=' + document.querySelector('input').value)\">Send</button>",
    "virtual": "<div id=list style='height:200px;overflow:auto'><div id=inner style='height:100000px;position:relative'></div></div><script>"
    "const draw = () => { inner.innerHTML = ''; const first = Math.floor(list.scrollTop / 50);"
    " for (let n = first; n < first + 5; n++) inner.insertAdjacentHTML('beforeend', `<button style='position:absolute;top:${n * 50}px'>Row ${n}</button>`); };"
    " list.onscroll = draw; draw();</script>",
    "canvas": "<canvas id=c width=200 height=100></canvas><script>c.onclick = () => { document.title = 'hit'; }</script>",
}
PAGES["blank"] = (
    "<script>document.body.innerHTML = ''; addEventListener('load', () => { document.body.innerHTML = ''; })</script>"
)
