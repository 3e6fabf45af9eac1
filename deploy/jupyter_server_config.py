"""ELBO Lab in each student's JupyterHub server, by jupyter-server-proxy: at <their address>/elbo-lab/.

Put the folder of the project in place of /srv/elbo-lab, and this file where Jupyter looks for it (jupyter --paths).
"""

PROJECT = "/srv/elbo-lab"

c = get_config()  # noqa: F821
c.ServerProxy.servers = {
    "elbo-lab": {
        "command": [
            *(f"{PROJECT}/.venv/bin/python", "-m", "streamlit", "run", f"{PROJECT}/app.py"),
            *("--server.headless", "true", "--server.port", "{port}", "--server.baseUrlPath", "{base_url}elbo-lab"),
        ],
        "absolute_url": True,
        "timeout": 60,
        "launcher_entry": {"title": "ELBO Lab"},
    }
}
