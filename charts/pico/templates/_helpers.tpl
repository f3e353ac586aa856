{{/* Names, labels and the parts that several templates share. */}}

{{- define "pico.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters, so that every suffix still fits a DNS label. */}}
{{- define "pico.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "pico.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "pico.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Cluster-scoped objects bear the namespace too: two releases of one name may live in two namespaces. */}}
{{- define "pico.clusterName" -}}
{{- if eq (include "pico.fullname" .) .Release.Namespace -}}
{{- include "pico.fullname" . -}}
{{- else -}}
{{- printf "%s-%s" .Release.Namespace (include "pico.fullname" .) -}}
{{- end -}}
{{- end -}}

{{- define "pico.selectorLabels" -}}
app.kubernetes.io/name: {{ include "pico.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "pico.labels" -}}
{{ include "pico.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: pico
pico.dev/component: {{ .component }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* metadata of an object: dict root, component, name, and optionally annotations, labels, clusterScoped. */}}
{{- define "pico.metadata" -}}
name: {{ .name }}
{{- if not .clusterScoped }}
namespace: {{ default .root.Release.Namespace .namespace }}
{{- end }}
labels:
  {{- include "pico.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with merge (dict) (default (dict) .annotations) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "pico.image" -}}
{{- $repository := .image.repository -}}
{{- if .root.Values.images.registry -}}
{{- $repository = printf "%s/%s" (trimSuffix "/" .root.Values.images.registry) $repository -}}
{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .root.Chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "pico.server.serviceAccount" -}}
{{- if .Values.server.serviceAccount.create -}}
{{- default (printf "%s-server" (include "pico.fullname" .)) .Values.server.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.server.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "pico.controller.serviceAccount" -}}
{{- if .Values.controller.serviceAccount.create -}}
{{- default (printf "%s-controller" (include "pico.fullname" .)) .Values.controller.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.controller.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "pico.cleanup.serviceAccount" -}}
{{- if .Values.cleanup.serviceAccount.create -}}
{{- default (printf "%s-cleanup" (include "pico.fullname" .)) .Values.cleanup.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.cleanup.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/*
Whether there is a cluster to look into. Helm alone (helm template, and so most GitOps tools) has none, and then nothing may be made up that a next rendering would make
up otherwise. The release's namespace is one that whoever installs can read; it may be about to be created, by somebody who can read others.
*/}}
{{- define "pico.hasCluster" -}}
{{- if or (lookup "v1" "Namespace" "" .Release.Namespace) (lookup "v1" "Namespace" "" "kube-system") -}}true{{- end -}}
{{- end -}}

{{/* The Secret with the gossip keys. */}}
{{- define "pico.gossipSecret" -}}
{{- default (printf "%s-gossip" (include "pico.fullname" .)) .Values.cluster.gossipKey.existingSecret -}}
{{- end -}}

{{/* The headless Service through which servers find each other. */}}
{{- define "pico.gossipService" -}}
{{- printf "%s-gossip" (include "pico.fullname" .) -}}
{{- end -}}

{{/* "true" if servers know agents by ServiceAccounts of this cluster. */}}
{{- define "pico.server.hasAccounts" -}}
{{- $has := .Values.auth.serviceAccounts.enabled }}
{{- range .Values.auth.issuers }}{{- if .local }}{{- $has = true }}{{- end }}{{- end }}
{{- if $has }}true{{ end }}
{{- end -}}

{{/* "true" if servers ask the Kubernetes API. */}}
{{- define "pico.server.usesApi" -}}
{{- if or .Values.cluster.kubernetesDiscovery (include "pico.server.hasAccounts" .) }}true{{ end }}
{{- end -}}

{{/* Whether agents must show a credential. */}}
{{- define "pico.hasAgentAuth" -}}
{{- if or .Values.auth.agents.keysSecret .Values.auth.serviceAccounts.enabled .Values.auth.issuers -}}true{{- end -}}
{{- end -}}

{{/* Where injected agents connect. */}}
{{- define "pico.agentServer" -}}
{{- if .Values.injector.agent.server -}}
{{- .Values.injector.agent.server -}}
{{- else -}}
{{- printf "%s://%s-upstream.%s.svc.%s:%v" (ternary "wss" "ws" (ne .Values.server.tls.upstreamSecret "")) (include "pico.fullname" .) .Release.Namespace .Values.cluster.domain .Values.server.services.upstream.port -}}
{{- end -}}
{{- end -}}

{{/* Whom those agents trust; only for servers that speak TLS. */}}
{{- define "pico.agentServerCa" -}}
{{- if .Values.injector.agent.serverCa -}}
{{- if not (regexMatch "(^|,) *(wss|https)://" (include "pico.agentServer" .)) -}}
{{- fail (printf "injector.agent.serverCa is set, but agents connect to %s, without TLS: set server.tls.upstreamSecret, or a wss:// URL in injector.agent.server" (include "pico.agentServer" .)) -}}
{{- end -}}
{{- .Values.injector.agent.serverCa -}}
{{- end -}}
{{- end -}}

{{/* Restricted Pod Security, for every container of Pico. */}}
{{- define "pico.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "pico.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 1654
runAsGroup: 1654
fsGroup: 1654
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* How many pods may be missing at a time: minAvailable if it is set, else maxUnavailable. */}}
{{- define "pico.disruption" -}}
{{- if not (kindIs "invalid" .minAvailable) -}}
minAvailable: {{ .minAvailable }}
{{- else -}}
maxUnavailable: {{ .maxUnavailable }}
{{- end -}}
{{- end -}}

{{/* Where a pod may run: dict root, component, values. */}}
{{- define "pico.scheduling" -}}
{{- with .values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- range . }}
  - {{- $constraint := . }}
    {{- if not (hasKey . "labelSelector") }}
    {{- $constraint = merge (dict "labelSelector" (dict "matchLabels" (include "pico.selectorLabels" $ | fromYaml))) . }}
    {{- /* Else the pods of a roll are spread around those that it replaces, and at its end stand wherever there was room. */}}
    {{- if semverCompare ">=1.27-0" $.root.Capabilities.KubeVersion.Version }}
    {{- $constraint = merge $constraint (dict "matchLabelKeys" (list "pod-template-hash")) }}
    {{- end }}
    {{- end }}
    {{- toYaml $constraint | nindent 4 }}
  {{- end }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .root.Values.images.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* Role or ClusterRole plus binding in every place where the controller works: dict root, component, name, serviceAccount, rules, namespaces ([]: cluster-wide), and optionally annotations. */}}
{{- define "pico.grant" -}}
{{- $root := .root -}}
{{- $grant := . -}}
{{- if .namespaces }}
{{- range $namespace := .namespaces }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- include "pico.metadata" (dict "root" $root "component" $grant.component "name" $grant.name "namespace" $namespace "annotations" $grant.annotations) | nindent 2 }}
rules:
  {{- toYaml $grant.rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- include "pico.metadata" (dict "root" $root "component" $grant.component "name" $grant.name "namespace" $namespace "annotations" $grant.annotations) | nindent 2 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ $grant.name }}}
subjects:
  - {kind: ServiceAccount, name: {{ $grant.serviceAccount }}, namespace: {{ $root.Release.Namespace }}}
{{- end }}
{{- else }}
{{- $name := printf "%s-%s" (include "pico.clusterName" $root) $grant.suffix }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  {{- include "pico.metadata" (dict "root" $root "component" $grant.component "name" $name "clusterScoped" true "annotations" $grant.annotations) | nindent 2 }}
rules:
  {{- toYaml $grant.rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  {{- include "pico.metadata" (dict "root" $root "component" $grant.component "name" $name "clusterScoped" true "annotations" $grant.annotations) | nindent 2 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: {{ $name }}}
subjects:
  - {kind: ServiceAccount, name: {{ $grant.serviceAccount }}, namespace: {{ $root.Release.Namespace }}}
{{- end }}
{{- end -}}

{{/* The Secret of the webhook's certificate, where it is not the controller's. */}}
{{- define "pico.webhookSecret" -}}
{{- if eq .Values.injector.certificate.source "given" -}}
{{- required "injector.certificate.source is given: name the Secret in injector.certificate.existingSecret" .Values.injector.certificate.existingSecret -}}
{{- else -}}
{{- printf "%s-webhook-certificate" (include "pico.fullname" .) -}}
{{- end -}}
{{- end -}}
