// The token is in the fragment, which is not sent: it goes into the form, and out of the address.
const token = new URLSearchParams(location.hash.slice(1)).get("token");
const login = document.getElementById("login");
if (token && login) {
  history.replaceState(null, "", location.pathname);
  login.elements.token.value = token;
  login.submit();
}
// Pages that change are asked for anew, but not under the hands of somebody who fills in a form.
const every = Number(document.body.dataset.refresh);
if (every > 0) {
  let touched = false;
  document.addEventListener("input", () => { touched = true; });
  setInterval(() => { if (!touched && !document.hidden) location.reload(); }, every * 1000);
}
