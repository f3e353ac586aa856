# Everything a contributor does, by one word each. Needs the .NET SDK (global.json); `make test` names what else a test would like to have.

RID ?= linux-$(if $(filter aarch64 arm64,$(shell uname -m)),arm64,x64)
CONFIGURATION ?= Release
ARGS ?=

BENCHMARKS := dotnet tests/Pico.Benchmarks/bin/Release/net10.0/Pico.Benchmarks.dll
DOTNET_FLAGS := --nologo --verbosity quiet -consoleLoggerParameters:NoSummary
export DOTNET_NOLOGO := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1

.PHONY: run build test test-cluster benchmarks bench bench-scale soak simulate format lint publish publish-agent publish-server images docs manifests

## run: a server, an agent and a small service on this machine; Ctrl-C ends all of it
run:
	@echo "Building Pico …"
	@dotnet build src/Pico.Cli --configuration $(CONFIGURATION) $(DOTNET_FLAGS)
	@exec dotnet src/Pico.Cli/bin/$(CONFIGURATION)/net10.0/pico.dll demo $(ARGS)

build:
	@echo "Building everything …"
	@dotnet build --configuration $(CONFIGURATION) $(DOTNET_FLAGS)

## test: everything that can be tested on this machine
test: build
	@bash tests/run $(CONFIGURATION) $(ARGS)

## test-cluster: on the Kubernetes that KUBECONFIG names (with `make images` there), else in K3s where Docker runs; needs helm and kubectl
test-cluster: build
	@PROJECTS=Pico.ClusterTests bash tests/run $(CONFIGURATION) $(ARGS)

benchmarks:
	@echo "Building the benchmarks …"
	@dotnet build tests/Pico.Benchmarks --configuration Release $(DOTNET_FLAGS)

## bench: the benchmarks behind every figure in the docs; ARGS=--quick takes little more than a minute
bench: publish benchmarks
	@exec $(BENCHMARKS) $(ARGS)

## bench-scale: 10,000 idle tunnels, connection storms, 20,000 long streams, 100,000 endpoints, the gossip of 100 nodes; ARGS="--only idle,storm" for some, --quick to try
bench-scale: publish benchmarks
	@exec $(BENCHMARKS) scale $(ARGS)

## soak: an hour of mixed traffic with churn, slow readers, resets and reconnects, after which nothing may have drifted; ARGS="--minutes 5" for less
soak: publish benchmarks
	@exec $(BENCHMARKS) soak $(ARGS)

## simulate: the gossip in its simulator, 24 hours of one cluster and 2000 seeds of ten minutes; ARGS="--seeds 10 --hours 1" for less
simulate: benchmarks
	@exec $(BENCHMARKS) simulate $(ARGS)

format:
	@dotnet format --no-restore

## lint: fails if `make format` would change something
lint:
	@echo "Checking the format …"
	@dotnet format --no-restore --verify-no-changes

## publish: what is shipped, into artifacts/publish/agent (native) and artifacts/publish/server
publish: publish-agent publish-server

publish-agent:
	@echo "Publishing the agent (native, $(RID)) …"
	@dotnet publish src/Pico.AgentCli --runtime $(RID) --output artifacts/publish/agent $(DOTNET_FLAGS)

publish-server:
	@echo "Publishing the server ($(RID)) …"
	@dotnet publish src/Pico.Cli --runtime $(RID) --output artifacts/publish/server $(DOTNET_FLAGS)

## images: pico-server:dev, pico-agent:dev and the cluster tests' service, for this machine's architecture (BUILDER="podman build" for another tool)
BUILDER ?= docker build
images:
	@$(BUILDER) --file Dockerfile.server --tag pico-server:dev .
	@$(BUILDER) --file Dockerfile.agent --tag pico-agent:dev .
	@$(BUILDER) --file tests/Pico.TestService/Dockerfile --tag pico-test-service:dev .

## docs: the pages that are generated from the code
docs:
	@dotnet build src/Pico.Cli --configuration $(CONFIGURATION) $(DOTNET_FLAGS)
	@dotnet src/Pico.Cli/bin/$(CONFIGURATION)/net10.0/pico.dll reference > docs/configuration.md.new
	@mv docs/configuration.md.new docs/configuration.md
	@dotnet src/Pico.Cli/bin/$(CONFIGURATION)/net10.0/pico.dll metrics-reference > docs/metrics.md.new
	@mv docs/metrics.md.new docs/metrics.md
	@echo "docs/configuration.md and docs/metrics.md are written."

## manifests: manifests/*.yaml from the chart; needs helm
manifests:
	@manifests/render
	@echo "manifests/*.yaml are written."
