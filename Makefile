# The commands of this project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
ENV := tools/with-env
KIND_INVENTORY := inventories/kind$(if $(BACKUPS), -i inventories/kind_backups)

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use

.PHONY: demo demo-down psql drills
demo: ## A local kind cluster with everything on it, verified; again: what changed only (BACKUPS=1: with an object store)
	@$(ENV) tools/alone demo ansible-playbook -i $(KIND_INVENTORY) playbooks/demo.yml

demo-down: ## Delete the demo's cluster; what was built stays in the cache
	@$(ENV) tools/alone demo ansible-playbook -i $(KIND_INVENTORY) playbooks/kind_down.yml

psql: ## psql through Pgpool-II in the demo
	@$(ENV) tools/psql

drills: ## Break the demo in many ways, and write into docs/drills.md what its clients saw (RUNS=10 DRILLS='switchover …' or all)
	@$(ENV) tools/drills.py --inventory $(KIND_INVENTORY) --kind --runs $(or $(RUNS),1) --page docs/drills.md $(DRILLS)

##@ Check

.PHONY: test lint unit sanity oldest molecule molecule-all limits bench
# The unit tests come last, as some need what molecule builds where nothing is there yet.
test: ## lint, sanity, five scenarios of molecule on a cluster of its own, unit; the rest: molecule-all, oldest, release-check
	@$(ENV) tools/test lint sanity molecule unit

lint: ## ansible-lint (production profile), yamllint, ruff, antsibull-changelog
	@$(ENV) tools/test lint

unit: ## pytest, no cluster
	@$(ENV) tools/test unit

sanity: ## ansible-test sanity
	@$(ENV) tools/test sanity

oldest: ## unit and sanity once more, with the oldest ansible-core that the collection takes
	@$(ENV) --oldest tools/test sanity unit

molecule: ## The scenarios of molecule/ that `make test` runs, on a kind cluster named pgha-test
	@$(ENV) tools/test molecule

ALL_SCENARIOS := site services users balancing tls scale failover fleet runbooks drills prometheus_operator kubedb awx rights alerts backup network_policies interrupted teardown

molecule-all: ## Those that take long, too: all scenarios of molecule/
	@PGHA_SCENARIOS='$(ALL_SCENARIOS)' $(ENV) tools/test molecule

limits: ## What has a time limit: all scenarios of molecule/ again, with the limits of a quiet machine (hours)
	@$(ENV) pytest -s tests/bench
	@PGHA_BENCH=1 PGHA_SCENARIOS='$(ALL_SCENARIOS)' $(ENV) tools/test molecule

bench: ## Measure, on the cluster of molecule, and write docs/benchmarks.md (RUNS=5 PARTS='again filters …')
	@$(ENV) molecule reset --scenario-name default  # what it remembers of a folder of this name says nothing of the cluster
	@$(ENV) molecule create --scenario-name default
	@$(ENV) molecule converge --scenario-name site
	@$(ENV) tools/bench.py --runs $(or $(RUNS),5) --page docs/benchmarks.md $(PARTS)

##@ Release

.PHONY: build changelog dashboards awx docs release-check sbom
docs: ## The reference of plugins and roles as pages, in build/reference/html
	@$(ENV) --release tools/test reference
	@echo 'Open build/reference/html/index.html'

release-check: ## The reference, the archive installed in an empty environment, Galaxy's own checks of it
	@$(ENV) --release tools/test reference archive importer

sbom: ## Bills of materials in build/sbom: each image that was built here, and Python (IMAGES='archive.tar …': of these, too)
	@$(ENV) --release tools/sbom.py build/sbom $(addprefix --image ,$(IMAGES))

awx: ## AWX's templates, workflows and rulebook from awx/jobs.yml and the argument specs
	@$(ENV) tools/awx.py

dashboards: ## roles/monitoring/files/dashboards from the page dashboards.yml beside it
	@$(ENV) tools/dashboards.py

build: ## The collection's archive, in build/
	@$(ENV) ansible-galaxy collection build --force --output-path build

changelog: ## CHANGELOG.rst from changelogs/fragments
	@$(ENV) antsibull-changelog release
